/** Who writes all that belongs to tenants, as the API server remembers it. */
export const FIELD_MANAGER = 'sluice-tenants';

/** Label of all that is made for tenants; its value is the name of the mapping. */
export const MAPPING_LABEL = 'sluice.dev/tenants';

/** Annotation of the same: the name of the tenant object, in the same namespace. */
export const TENANT_ANNOTATION = 'sluice.dev/tenant';

/** Says in the status of a tenant object whether its hosts lead to it. */
export const EXPOSED_CONDITION = 'sluice.dev/Exposed';

/** Name of the Lease of the replica that writes. */
export const TENANTS_LEASE = 'sluice-tenants';
