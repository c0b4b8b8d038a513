/** The tunnel: an address of one's own is tested, a wrong one is told, and so is what a kind still needs. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestBrowser, type Watched } from "../harness/browser";
import { Hookline, type Job, LOCAL } from "../harness/hookline";
import { clean, goTo, heading, press, receivingLight, says } from "../harness/page";

/** A new address gets a while to become known before it counts as degraded; then comes the next proof. */
const UNTIL_DEGRADED = { timeout: 90_000 };

let hookline: Hookline;
let browser: TestBrowser;
let opened: Watched;
let job: Job;

beforeAll(async () => {
  [hookline, browser] = await Promise.all([Hookline.start(), TestBrowser.start()]);
  job = await hookline.job("stripe", LOCAL, { name: "Shop" });
  opened = await browser.open(hookline.page(`/transfers/${job.id}/setup`));
});
afterAll(async () => {
  await browser.stop();
  await hookline.remove();
});

const status = () => opened.page.getByRole("region", { name: "How it is" });
const form = () => opened.page.getByRole("form", { name: "Tunnel" });
const choose = (kind: string) => form().getByRole("radio", { name: kind, exact: true }).click();
const state = (word: string) => status().getByRole("status").getByText(word, { exact: true });
const wanted = async () => (await hookline.ask("GET", "/tunnel")).settings;

async function saveOwnAddress(url: string): Promise<void> {
  await choose("Own address");
  await form().getByLabel("Public address").fill(url);
  await press(form(), "Save and connect");
}

test("where the URL is handed over it is said that a tunnel is missing, and where to connect one", async () => {
  const { page, problems } = opened;
  await says(page, "There is no public address yet that Stripe could send to.");
  await says(page, /Stripe must reach this machine from the internet; a tunnel gives it an address/);
  await page.getByRole("link", { name: "Connect a tunnel" }).click();
  await heading(page, "Tunnel");
  await state("Off").waitFor();
  await says(page, /Nothing has happened yet/);
  clean(problems);
});

test("ngrok without an authtoken says what to do and changes nothing", async () => {
  const { page, problems } = opened;
  await choose("ngrok");
  await press(form(), "Save and connect");
  await says(form(), /Copy your authtoken from ngrok's dashboard/);
  await form().getByRole("button", { name: "Copy it from ngrok's dashboard" }).waitFor();
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute("name")))
    .toBe("ngrokAuthtoken");
  expect(await wanted()).toMatchObject({ kind: "none", on: false });
  clean(problems);
});

test("an own address that leads here is online after its self-test, and webhook URLs begin with it", async () => {
  const { page, problems } = opened;
  await saveOwnAddress(hookline.ready.receiver);
  await state("Online").waitFor();
  await status().getByText(hookline.ready.receiver).waitFor();
  await receivingLight(page).getByText("Receiving", { exact: true }).waitFor();
  expect((await hookline.show(job)).webhookUrl).toContain(`${hookline.ready.receiver}/api/webhooks/`);

  await press(status(), "Test now");
  await says(status(), /^A request to the public address came back in .+ ms$/);
  await page.getByRole("list", { name: "Last changes of the tunnel" }).getByText("Online").first().waitFor();
  clean(problems);
});

test("an address that is none is told at its field", async () => {
  const { problems } = opened;
  await saveOwnAddress("https://hooks.example.com/path");
  await says(form(), /Leave out the path/);
  expect((await wanted()).url).toBe(hookline.ready.receiver);
  clean(problems);
});

test("an address that leads elsewhere is degraded, with its reason and what to do", {
  timeout: 120_000,
}, async () => {
  const { page, problems } = opened;
  // The control API answers there, and is no receiver.
  await saveOwnAddress(hookline.ready.api);
  await state("Degraded").waitFor(UNTIL_DEGRADED);
  const wrong = page.getByRole("region", { name: "What is wrong" });
  await says(wrong, /^Something else answers at the public address: status \d+\.$/);
  await says(wrong, "Check that it forwards to the receiver, paths included.");
  await receivingLight(page).click();
  const light = page.getByRole("dialog");
  await says(light, /does not lead here/);
  await light.getByRole("link", { name: "Tunnel settings" }).waitFor();
  await page.keyboard.press("Escape");

  await press(status(), "Test now");
  await says(status(), "The request did not come back");
  clean(problems);
});

test("it is disconnected, and connected again from the palette", async () => {
  const { page, problems } = opened;
  await press(status(), "Disconnect");
  await state("Off").waitFor();
  await receivingLight(page).getByText("Receiving on this machine only", { exact: true }).waitFor();
  expect(await wanted()).toMatchObject({ kind: "own-url", on: false });
  clean(problems);

  await saveOwnAddress(hookline.ready.receiver);
  await state("Online").waitFor();
  await press(status(), "Disconnect");
  await state("Off").waitFor();
  await goTo(page, "Events");
  await page.keyboard.press("Control+K");
  await page.getByRole("textbox", { name: "Command" }).fill("connect tunnel");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: /^Tunnel online.*Tunnel settings$/ }).click();
  await heading(page, "Tunnel");
  await state("Online").waitFor();
  clean(problems);
});
