/** The form of the tunnel: what is in it, what is wrong with it, and what it asks the engine for. Pure. */
import type { TunnelAnswer, TunnelKind, TunnelSettings, UpdateTunnel } from "../../../api/schema";

export interface TunnelValues {
  kind: TunnelKind;
  url: string;
  ngrokDomain: string;
  /** Empty: the nearest. */
  ngrokRegion: string;
  /** Typed anew; what is stored is never shown. */
  ngrokAuthtoken: string;
  /** Empty: as in the free plan. */
  ngrokMonthlyRequests: number | string;
  ngrokMonthlyMegabytes: number | string;
}

export type Field = Exclude<keyof TunnelValues, "kind" | "ngrokRegion">;
export type Problems = Partial<Record<string, string>>;

/** The most that the engine takes for a number, and for a token. */
export const MOST = { number: 4_294_967_295, token: 4096, domain: 253, url: 2048 } as const;

/** ngrok's free plan, which the engine counts with unless told otherwise. */
export const FREE_PLAN = { requests: 20_000, megabytes: 1000 } as const;

const MEGABYTE = 1_000_000;

export function valuesOf(settings: TunnelSettings): TunnelValues {
  return {
    kind: settings.kind,
    url: settings.url ?? "",
    ngrokDomain: settings.ngrokDomain ?? "",
    ngrokRegion: settings.ngrokRegion ?? "",
    ngrokAuthtoken: "",
    ngrokMonthlyRequests: settings.ngrokMonthlyRequests,
    ngrokMonthlyMegabytes: settings.ngrokMonthlyBytes / MEGABYTE,
  };
}

/** What is wrong with what the chosen kind needs, by field. */
export function validateTunnel(values: TunnelValues, settings: TunnelSettings): Problems {
  const problems: Problems = {};
  const add = (field: Field, problem: string | null) => {
    if (problem) problems[field] = problem;
  };
  if (values.kind === "own-url") add("url", urlProblem(values.url.trim()));
  if (values.kind === "ngrok") {
    add("ngrokAuthtoken", tokenProblem(values.ngrokAuthtoken.trim(), Boolean(settings.ngrokAuthtoken)));
    add("ngrokDomain", domainProblem(values.ngrokDomain.trim()));
    add("ngrokMonthlyRequests", amountProblem(values.ngrokMonthlyRequests));
    add("ngrokMonthlyMegabytes", amountProblem(values.ngrokMonthlyMegabytes));
  }
  return problems;
}

function urlProblem(text: string): string | null {
  if (text === "") return "Put in the address that your proxy or tunnel answers at.";
  if (!URL.canParse(text)) return "This is no address: write it whole, such as https://hooks.example.com.";
  const url = new URL(text);
  if (!["https:", "http:"].includes(url.protocol)) return "It has to begin with https://.";
  if (url.username !== "" || url.password !== "")
    return "Leave out the user name and the password: webhook URLs are shown.";
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return "Leave out the path: sync jobs have theirs behind the address.";
  return null;
}

function tokenProblem(token: string, hasOne: boolean): string | null {
  if (token === "") {
    return hasOne ? null : "Copy your authtoken from ngrok's dashboard and paste it here: ngrok wants one.";
  }
  return /^[!-~]+$/.test(token)
    ? null
    : "An authtoken has no spaces: copy it anew, and nothing else with it.";
}

function domainProblem(domain: string): string | null {
  if (domain === "") return null;
  const labels = domain.split(".");
  const isDomain = labels.length > 1 && labels.every((label) => /^[a-z0-9-]{1,63}$/i.test(label));
  return isDomain ? null : "Write the domain alone, without https:// and path, such as me.ngrok-free.dev.";
}

function amountProblem(amount: number | string): string | null {
  if (amount === "") return null;
  const number = Number(amount);
  return Number.isInteger(number) && number >= 1 && number <= MOST.number
    ? null
    : "A whole number from 1 on, or empty for the free plan.";
}

/** Where on the screen the engine's complaint about a field of the request belongs, if there is such a field now. */
export function fieldOf(field: string | undefined, kind: TunnelKind): string | null {
  if (field === undefined) return null;
  return (kind === "own-url" && field === "url") || (kind === "ngrok" && field.startsWith("ngrok"))
    ? field
    : null;
}

/** What the engine is asked for: only what belongs to the chosen kind. */
export function requestOf(values: TunnelValues, settings: TunnelSettings): UpdateTunnel {
  const { kind } = values;
  if (kind === "none") return { kind, on: false };
  if (kind === "own-url") return { kind, on: true, url: values.url.trim() };
  if (kind !== "ngrok") return { kind, on: true };
  const before = valuesOf(settings);
  const token = values.ngrokAuthtoken.trim();
  const changed = (field: "ngrokMonthlyRequests" | "ngrokMonthlyMegabytes") =>
    values[field] === before[field] ? {} : { [field]: values[field] === "" ? null : Number(values[field]) };
  return {
    kind,
    on: true,
    ngrokDomain: values.ngrokDomain.trim() || null,
    ngrokRegion: values.ngrokRegion || null,
    ...(token === "" ? {} : { ngrokAuthtoken: token }),
    ...changed("ngrokMonthlyRequests"),
    ...changed("ngrokMonthlyMegabytes"),
  };
}

/** Forgets the authtoken; an ngrok tunnel that runs with it ends. */
export const forgetTokenRequest = (settings: TunnelSettings): UpdateTunnel => ({
  ngrokAuthtoken: null,
  ...(settings.kind === "ngrok" && settings.on ? { on: false } : {}),
});

/** A kind that needs a program, and whether that was found. */
export function programOf(
  kind: TunnelKind,
  tunnel: Pick<TunnelAnswer, "cloudflaredInstalled" | "tailscaleInstalled">,
): { name: string; found: boolean } | null {
  if (kind === "cloudflared") return { name: "cloudflared", found: tunnel.cloudflaredInstalled };
  if (kind === "tailscale") return { name: "tailscale", found: tunnel.tailscaleInstalled };
  return null;
}

/** Configurations of two reverse proxies that forward to the receiver. */
export function proxyExamples(url: string, forwardTo: string): { caddy: string; nginx: string } {
  const host = URL.canParse(url) && new URL(url).hostname ? new URL(url).hostname : "hooks.example.com";
  return {
    caddy: [`${host} {`, `    reverse_proxy ${forwardTo.replace(/^https?:\/\//, "")}`, "}"].join("\n"),
    nginx: [
      "server {",
      "    listen 443 ssl;",
      `    server_name ${host};`,
      `    ssl_certificate /etc/ssl/${host}.pem;`,
      `    ssl_certificate_key /etc/ssl/${host}.key;`,
      "    client_max_body_size 6m;",
      "",
      "    location / {",
      `        proxy_pass ${forwardTo};`,
      "    }",
      "}",
    ].join("\n"),
  };
}
