import { describe, expect, it } from "vitest";
import { sampleTunnelSettings } from "../../../test/tunnel";
import {
  forgetTokenRequest,
  proxyExamples,
  requestOf,
  type TunnelValues,
  validateTunnel,
  valuesOf,
} from "./values";

const SETTINGS = sampleTunnelSettings();
const STORED = sampleTunnelSettings({ kind: "ngrok", on: true, ngrokAuthtoken: "stored" });

const values = (more: Partial<TunnelValues>): TunnelValues => ({ ...valuesOf(SETTINGS), ...more });
const problem = (field: string, more: Partial<TunnelValues>, settings = SETTINGS) =>
  validateTunnel(values(more), settings)[field];

describe("what is wrong", () => {
  it("is told of an address by what is too much or missing", () => {
    const url = (text: string) => problem("url", { kind: "own-url", url: text });
    expect(url("")).toContain("Put in the address");
    expect(url("hooks.example.com")).toContain("write it whole");
    expect(url("ftp://hooks.example.com")).toContain("https://");
    expect(url("https://ann:pw@hooks.example.com")).toContain("password");
    for (const text of ["https://x.example/path", "https://x.example/?a=b", "https://x.example/#f"])
      expect(url(text)).toContain("path");
    for (const text of ["https://hooks.example.com", " https://hooks.example.com/ ", "http://127.0.0.1:8080"])
      expect(url(text)).toBeUndefined();
  });

  it("is an authtoken that is missing, unless there is one already", () => {
    const token = (text: string, settings = SETTINGS) =>
      problem("ngrokAuthtoken", { kind: "ngrok", ngrokAuthtoken: text }, settings);
    expect(token("")).toContain("ngrok's dashboard");
    expect(token("", STORED)).toBeUndefined();
    expect(token("", sampleTunnelSettings({ ngrokAuthtoken: "environment" }))).toBeUndefined();
    expect(token("2abc def")).toContain("no spaces");
    expect(token(" 2abcDEF_1 ")).toBeUndefined();
  });

  it("is a domain with more than a domain", () => {
    const domain = (text: string) => problem("ngrokDomain", { kind: "ngrok", ngrokDomain: text }, STORED);
    for (const text of ["https://me.ngrok-free.dev", "me", "me.ngrok-free.dev/", "a b.dev", ".dev"])
      expect(domain(text), text).toContain("Write the domain alone");
    for (const text of ["", "me.ngrok-free.dev"]) expect(domain(text), text).toBeUndefined();
  });

  it("is a limit that is no whole number", () => {
    const limit = (value: number | string) =>
      problem("ngrokMonthlyRequests", { kind: "ngrok", ngrokMonthlyRequests: value }, STORED);
    for (const value of [0, -1, 1.5, 5_000_000_000]) expect(limit(value), `${value}`).toBeTruthy();
    for (const value of ["", 1, 20_000]) expect(limit(value), `${value}`).toBeUndefined();
  });

  it("is nothing of what the chosen kind does not need", () => {
    const wrong = values({ kind: "cloudflared", url: "no address", ngrokDomain: "no domain" });
    expect(validateTunnel(wrong, SETTINGS)).toEqual({});
  });
});

describe("what is asked for", () => {
  it("names only what belongs to the kind, and turns it on", () => {
    const all = { url: " https://x.example ", ngrokDomain: "me.dev", ngrokAuthtoken: " tok " };
    expect(requestOf(values({ ...all, kind: "none" }), SETTINGS)).toEqual({ kind: "none", on: false });
    expect(requestOf(values({ ...all, kind: "tailscale" }), SETTINGS)).toEqual({
      kind: "tailscale",
      on: true,
    });
    expect(requestOf(values({ ...all, kind: "own-url" }), SETTINGS)).toEqual({
      kind: "own-url",
      on: true,
      url: "https://x.example",
    });
    expect(requestOf(values({ ...all, kind: "ngrok" }), SETTINGS)).toEqual({
      kind: "ngrok",
      on: true,
      ngrokDomain: "me.dev",
      ngrokRegion: null,
      ngrokAuthtoken: "tok",
    });
  });

  it("leaves a stored authtoken and the plan alone unless they are typed anew", () => {
    const request = requestOf(
      { ...valuesOf(STORED), ngrokMonthlyRequests: "", ngrokMonthlyMegabytes: 5000 },
      STORED,
    );
    expect(request).not.toHaveProperty("ngrokAuthtoken");
    expect(request).toMatchObject({ ngrokMonthlyRequests: null, ngrokMonthlyMegabytes: 5000 });
  });

  it("forgets an authtoken together with the tunnel that runs with it", () => {
    expect(forgetTokenRequest(STORED)).toEqual({ ngrokAuthtoken: null, on: false });
    expect(forgetTokenRequest({ ...STORED, on: false })).toEqual({ ngrokAuthtoken: null });
    expect(forgetTokenRequest({ ...STORED, kind: "own-url" })).toEqual({ ngrokAuthtoken: null });
  });
});

it("examples name the host that is typed and lead to the receiver", () => {
  const { caddy, nginx } = proxyExamples("https://in.shop.example", "http://127.0.0.1:4400");
  expect(caddy).toBe("in.shop.example {\n    reverse_proxy 127.0.0.1:4400\n}");
  expect(nginx).toContain("server_name in.shop.example;");
  expect(nginx).toContain("proxy_pass http://127.0.0.1:4400;");
  expect(proxyExamples("not yet", "http://127.0.0.1:4400").caddy).toContain("hooks.example.com {");
});
