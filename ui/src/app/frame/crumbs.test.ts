import { expect, it } from "vitest";
import { crumbsOf, titleOf } from "./crumbs";

const labels = (path: string) =>
  crumbsOf(path, (id) => (id === "job_1" ? "Stripe → Shop" : undefined)).map((crumb) => crumb.label);

it("a page is its name", () => {
  for (const [path, label] of [
    ["/events", "Events"],
    ["/transfers", "Transfers"],
    ["/documents", "Documents"],
    ["/activity", "Activity"],
    ["/settings", "Settings"],
    ["/welcome", "Welcome"],
  ] as const) {
    expect(labels(path)).toEqual([label]);
  }
});

it("a job is called by its name, and by its id until the name is known", () => {
  expect(labels("/transfers/job_1")).toEqual(["Transfers", "Stripe → Shop"]);
  expect(labels("/transfers/job_2")).toEqual(["Transfers", "job_2"]);
});

it("what is done with a job stands behind it", () => {
  expect(labels("/transfers/job_1/edit")).toEqual(["Transfers", "Stripe → Shop", "Edit"]);
  expect(labels("/transfers/job_1/setup")).toEqual(["Transfers", "Stripe → Shop", "Set up"]);
  expect(labels("/transfers/new")).toEqual(["Transfers", "Add sync job"]);
});

it("a part of the settings stands behind them", () => {
  expect(crumbsOf("/settings/tunnel", () => undefined)).toEqual([
    { label: "Settings", to: "/settings" },
    { label: "Tunnel" },
  ]);
});

it("an event stands behind its job, which leads to the job", () => {
  const crumbs = crumbsOf("/events/job_1/42", () => "Stripe → Shop");
  expect(crumbs).toEqual([
    { label: "Events", to: "/events" },
    { label: "Stripe → Shop", to: "/transfers/job_1" },
    { label: "Event 42" },
  ]);
});

it("an address that is none has a name all the same", () => {
  expect(labels("/")).toEqual(["Hookline"]);
  expect(labels("/nowhere/at/all")[0]).toBe("Hookline");
});

it("a title begins with what the page is about, and says the app's name once", () => {
  const title = (path: string) => titleOf(crumbsOf(path, () => "Stripe → Shop"));
  expect(title("/events")).toBe("Events · Hookline");
  expect(title("/transfers/job_1/edit")).toBe("Edit · Stripe → Shop · Transfers · Hookline");
  expect(title("/")).toBe("Hookline");
});
