import process from 'node:process';

/**
 * Node's HTTP modules, whole. By their names (`import { request } from 'node:http'`) all that they offer is looked up, and what
 * nobody here uses, WebSocket and its like, is loaded for it: 30 ms and 10 MB.
 */
export const http = process.getBuiltinModule('node:http');
export const https = process.getBuiltinModule('node:https');
