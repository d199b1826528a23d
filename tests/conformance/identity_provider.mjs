// An OpenID Connect provider on loopback: identity_provider.mjs PORT KEY_PREFIX. Its keys are made
// anew with each start, their ids begin with KEY_PREFIX. Prints one line when it listens.
import { generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [port, prefix] = process.argv.slice(2);
const packages = createRequire(join(process.env.PGMIND_NODE_MODULES, 'x'));
const { default: Provider } = await import(pathToFileURL(packages.resolve('oidc-provider')));

function makeKey(algorithm, type, options) {
    const { privateKey } = generateKeyPairSync(type, options);
    return { ...privateKey.export({ format: 'jwk' }), kid: `${prefix}-${algorithm}`, use: 'sig',
        alg: algorithm };
}

// urn:pgmind:es256:600 is the audience pgmind, the algorithm and the seconds that a token lives.
function describeResource(_context, resource) {
    const [, audience, algorithm, seconds] = resource.split(':');
    const names = { es256: 'ES256', rs256: 'RS256', ps256: 'PS256' };
    return { scope: '', audience, accessTokenTTL: Number(seconds), accessTokenFormat: 'jwt',
        jwt: { sign: { alg: names[algorithm] } } };
}

function describeCaller(_context, token) {
    const who = token.accountId ?? token.clientId;
    const claims = {
        agent: { roles: ['agent'], namespaces: ['team-a-*'], pgmind_kind: 'ai_agent' },
        greedy: { roles: ['agent'], namespaces: ['*'] },
        alice: { roles: ['ops'] },
    };
    return claims[who] ?? {};
}

const service = (id) => ({ client_id: id, client_secret: `${id}-secret`, redirect_uris: [],
    response_types: [], grant_types: ['client_credentials'] });
const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [service('agent'), service('greedy'), service('nobody'),
        { client_id: 'console', token_endpoint_auth_method: 'none', application_type: 'native',
            redirect_uris: ['http://127.0.0.1/callback'], response_types: ['code'],
            grant_types: ['authorization_code'] }],
    jwks: { keys: [makeKey('ES256', 'ec', { namedCurve: 'P-256' }),
        makeKey('RS256', 'rsa', { modulusLength: 2048 }),
        makeKey('PS256', 'rsa', { modulusLength: 2048 })] },
    cookies: { keys: ['only for tests'] },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    extraTokenClaims: describeCaller,
    features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: true },
        resourceIndicators: { enabled: true, getResourceServerInfo: describeResource,
            defaultResource: () => undefined, useGrantedResource: () => true },
    },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
