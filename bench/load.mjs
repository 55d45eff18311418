// Requests on kept connections for some seconds, each as soon as the one before it was
// answered. Prints one JSON line: requests per second and latencies in milliseconds.
// Reads from stdin {url, connections, seconds, headers, body}.
import http from 'node:http';
import { text } from 'node:stream/consumers';

const wanted = JSON.parse(await text(process.stdin));
const agent = new http.Agent({ keepAlive: true, maxSockets: wanted.connections });
const latencies = [];
const wrong = {};

function once() {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const request = http.request(
      wanted.url,
      {
        method: 'POST',
        agent,
        headers: { ...wanted.headers, 'content-length': Buffer.byteLength(wanted.body) },
      },
      (response) => {
        let size = '';
        response.on('data', (part) => (size += part));
        response.on('end', () => {
          const good = response.statusCode === 200 && size.includes('"active":true');
          if (!good && !size.includes('"active": true')) {
            wrong[response.statusCode] = (wrong[response.statusCode] ?? 0) + 1;
          }
          latencies.push(performance.now() - begun);
          resolve();
        });
      },
    );
    request.on('error', reject);
    request.end(wanted.body);
  });
}

async function worker(end) {
  while (performance.now() < end) await once();
}

const begun = performance.now();
const end = begun + wanted.seconds * 1000;
await Promise.all(Array.from({ length: wanted.connections }, () => worker(end)));
const seconds = (performance.now() - begun) / 1000;
agent.destroy();
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.floor(latencies.length * share)];
console.log(
  JSON.stringify({
    per_second: latencies.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    wrong,
  }),
);
