import { type GoProgram, goProgram } from '../../scripts/kubernetes-assets.ts';

/** The first version that reads TLSRoutes of v1. */
const EXTERNAL_DNS_VERSION = 'v0.22.0';

/**
 * external-dns without the clouds, whose SDKs are most of what its own main function is built from, and from modules that not every
 * proxy has: its flags, sources, plan, registry and webhook provider, in a loop that runs at each event and not every five seconds.
 */
const MAIN = `package main

import (
	"context"
	"os"
	"time"

	log "github.com/sirupsen/logrus"

	"sigs.k8s.io/external-dns/endpoint"
	"sigs.k8s.io/external-dns/pkg/apis/externaldns"
	"sigs.k8s.io/external-dns/plan"
	"sigs.k8s.io/external-dns/provider/webhook"
	"sigs.k8s.io/external-dns/registry/noop"
	"sigs.k8s.io/external-dns/source"
	"sigs.k8s.io/external-dns/source/annotations"
	"sigs.k8s.io/external-dns/source/wrappers"
)

func main() {
	ctx := context.Background()
	config := externaldns.NewConfig()
	check(config.ParseFlags(os.Args[1:]))
	annotations.SetAnnotationPrefix(config.AnnotationPrefix)
	if level, err := log.ParseLevel(config.LogLevel); err == nil {
		log.SetLevel(level)
	}
	sources, err := source.NewSourceConfig(config)
	check(err)
	from, err := wrappers.Build(ctx, sources)
	check(err)
	filter := endpoint.NewDomainFilterWithOptions(endpoint.WithDomainFilter(config.DomainFilter))
	provider, err := webhook.New(ctx, config, filter)
	check(err)
	registry, err := noop.New(config, provider)
	check(err)
	again := make(chan struct{}, 1)
	from.AddEventHandler(ctx, func() {
		select {
		case again <- struct{}{}:
		default:
		}
	})
	for {
		current, err := registry.Records(ctx)
		check(err)
		desired, err := from.Endpoints(ctx)
		check(err)
		desired, err = registry.AdjustEndpoints(desired)
		check(err)
		todo := (&plan.Plan{
			Policies:       []plan.Policy{plan.Policies[config.Policy]},
			Current:        current,
			Desired:        desired,
			DomainFilter:   endpoint.MatchAllDomainFilters{filter},
			ManagedRecords: config.ManagedDNSRecordTypes,
			OwnerID:        registry.OwnerID(),
		}).Calculate()
		if todo.Changes.HasChanges() {
			check(registry.ApplyChanges(ctx, todo.Changes))
		}
		select {
		case <-again:
			time.Sleep(50 * time.Millisecond)
		case <-time.After(config.Interval):
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
`;

/** Only the source of OpenShift's routes uses these two; the versions that external-dns v0.21 is built with. */
const OPENSHIFT = {
  api: 'v0.0.0-20251015095338-264e80a2b6e7',
  'client-go': 'v0.0.0-20251015124057-db0dee36e235',
} as const;

const program: GoProgram = {
  name: 'external-dns',
  version: EXTERNAL_DNS_VERSION,
  pkg: '.',
  source: MAIN,
  module: () =>
    [
      'module sluice.test/external-dns\n\ngo 1.26.6\n',
      `require sigs.k8s.io/external-dns ${EXTERNAL_DNS_VERSION}\n`,
      ...Object.entries(OPENSHIFT).map(
        ([name, version]) =>
          `replace github.com/openshift/${name} => github.com/openshift/${name} ${version}\n`,
      ),
    ].join('\n'),
};

/** Path of external-dns, built once (some 4 minutes on 2 cores). Same errors as `kubernetesAsset`. */
export function externalDns(): Promise<string> {
  return goProgram(program);
}
