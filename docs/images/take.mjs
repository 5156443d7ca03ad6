// Places orders and takes the pictures. Arguments: the folder with playwright-core, the port suffix, a token, the link to log in
// to the dashboard, the folder for the pictures.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [browserFolder, suffix, token, login, output] = process.argv.slice(2);
const { chromium } = createRequire(join(browserFolder, 'package.json'))('playwright-core');
const api = `http://localhost:5${suffix}`;
const dashboard = `http://localhost:15${suffix}`;
const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };

async function send(method, path, body, more = {}) {
  const response = await fetch(api + path, { method, headers: { ...headers, ...more }, body: body && JSON.stringify(body) });
  if (!response.ok) {
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }
  return response.json();
}

const products = await send('GET', '/v1/products?limit=3');
let order;
for (const [number, product] of products.items.entries()) {
  const lines = [{ productId: product.id, quantity: number + 1 }];
  const body = { email: 'ada@example.com', paymentMethod: 'card', lines };
  order = await send('POST', '/v1/orders', body, { 'Idempotency-Key': crypto.randomUUID() });
}
while ((await send('GET', `/v1/orders/${order.id}`)).status !== 'Confirmed') {
  await new Promise(resolve => setTimeout(resolve, 500));
}
// Spans are exported in batches.
await new Promise(resolve => setTimeout(resolve, 5000));

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 810 }, deviceScaleFactor: 1, colorScheme: 'light' });
const page = await context.newPage();

async function take(name, height = 810) {
  await page.setViewportSize({ width: 1440, height });
  await page.waitForTimeout(3000);
  await page.screenshot({ path: join(output, `${name}.png`) });
}

await page.goto(login);
await page.getByText('worker', { exact: true }).first().waitFor({ timeout: 60000 });
await take('resources', 720);

await page.goto(`${dashboard}/traces`);
await page.getByText('POST /v1/orders').last().click({ timeout: 60000 });
await page.getByText('send-confirmation').first().waitFor({ timeout: 60000 });
await take('trace', 960);

await page.goto(`${api}/scalar`);
await page.getByText('Place an order').first().click({ timeout: 60000 });
await take('api');
await browser.close();
