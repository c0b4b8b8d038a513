import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { keys } from "../../../api/keys";
import type { TunnelAnswer } from "../../../api/schema";
import { type Answers, fakeHost, renderApp } from "../../../test/render";
import {
  CONNECTING,
  DEGRADED,
  NEARLY_USED,
  PUBLIC_URL,
  REFUSED,
  sampleTunnel,
  sampleTunnelStatus,
} from "../../../test/tunnel";
import { TunnelPage } from "./TunnelPage";

const ONLINE = sampleTunnelStatus("online");
const STORED = { kind: "ngrok", on: true, ngrokAuthtoken: "stored" } as const;

async function show(tunnel: TunnelAnswer = sampleTunnel(), more: Answers = {}) {
  const openExternal = vi.fn(async () => {});
  let current: unknown = tunnel;
  const answers: Answers = { "GET /api/tunnel": () => current };
  for (const [request, answer] of Object.entries(more)) {
    // What a change answers is read from then on.
    answers[request] = () => {
      const value = typeof answer === "function" ? answer() : answer;
      if (!Array.isArray(value) && value && "history" in value) current = value;
      return value;
    };
  }
  const host = { ...fakeHost(answers), openExternal };
  const shown = renderApp(<TunnelPage />, host, "/settings/tunnel");
  await screen.findByRole("region", { name: "How it is" });
  return { host, openExternal, user: userEvent.setup(), ...shown };
}

const part = (name: string) => within(screen.getByRole("region", { name }));
const button = (name: string | RegExp) => screen.getByRole("button", { name });
const choose = (user: ReturnType<typeof userEvent.setup>, kind: string) =>
  user.click(screen.getByRole("radio", { name: kind }));
const save = (user: ReturnType<typeof userEvent.setup>) => user.click(button("Save and connect"));

describe("how the tunnel is", () => {
  it("off: says what that means, and that one has to be chosen first", async () => {
    await show();
    const status = part("How it is");
    expect(status.getByRole("status").textContent).toContain("Off");
    expect(status.getByText(/only programs on this machine can send/)).toBeTruthy();
    expect(button("Connect").hasAttribute("disabled")).toBe(true);
    expect(button("Test now").hasAttribute("disabled")).toBe(true);
    expect(screen.queryByRole("button", { name: "Disconnect" })).toBeNull();
    expect(status.getByText("Choose a tunnel below to connect it.")).toBeTruthy();
  });

  it("connecting: why there is no link yet, what to do, and when it is tried again", async () => {
    const nextAttemptAt = new Date(Date.now() + 3_600_000).toISOString();
    await show(sampleTunnel({ ...CONNECTING, nextAttemptAt }));
    const wrong = part("What is wrong");
    expect(wrong.getByText("ngrok cannot be reached: no route to host.")).toBeTruthy();
    expect(wrong.getByText(/Check this machine's connection/)).toBeTruthy();
    expect(wrong.getByText(/^Trying again in /)).toBeTruthy();
    expect(button("Disconnect")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Connect" })).toBeNull();
  });

  it("online: the address to copy, the last proof and its round trip", async () => {
    const { host, user } = await show(sampleTunnel(ONLINE));
    const status = part("How it is");
    expect(status.getByRole("status").textContent).toContain("Online");
    expect(status.getByText("38 ms")).toBeTruthy();
    expect(status.getByText(/A request came back/)).toBeTruthy();
    await user.click(button("Copy public address"));
    await waitFor(() => expect(host.copied).toEqual([PUBLIC_URL]));
  });

  it("degraded: what answers there instead, and what to do", async () => {
    await show(sampleTunnel(DEGRADED));
    expect(
      part("What is wrong").getByText(/Something else answers at the public address: status 404\./),
    ).toBeTruthy();
    expect(part("What is wrong").getByText(/paths included/)).toBeTruthy();
  });

  it("refused: the remedy's page can be opened, and it can be connected again", async () => {
    const { user, openExternal, host } = await show(sampleTunnel(REFUSED), {
      "POST /api/tunnel/start": sampleTunnel(sampleTunnelStatus("connecting")),
    });
    await user.click(part("What is wrong").getByRole("button", { name: /your-authtoken$/ }));
    expect(openExternal).toHaveBeenCalledWith("https://dashboard.ngrok.com/get-started/your-authtoken");
    await user.click(button("Connect"));
    await waitFor(() => expect(host.requests).toContain("POST /api/tunnel/start"));
  });

  it("changes as the engine tells, without losing what is typed", async () => {
    const { client, user } = await show();
    await choose(user, "Own address");
    await user.type(screen.getByRole("textbox", { name: /Public address/ }), "https://x.example");
    act(() => client.setQueryData(keys.tunnel, sampleTunnel(ONLINE, STORED)));
    expect(await screen.findByText("38 ms")).toBeTruthy();
    expect(screen.getByDisplayValue("https://x.example")).toBeTruthy();
  });

  it("that was chosen at the start is said to be", async () => {
    await show(sampleTunnel(ONLINE, { ...STORED, chosenAtStart: true }));
    expect(screen.getByText(/chosen when Hookline was started, on the command line/)).toBeTruthy();
  });

  it("that cannot be read says why, and is read again", async () => {
    let broken = true;
    const host = fakeHost({
      "GET /api/tunnel": () =>
        broken ? [500, { error: { code: "storage_failed", message: "the disk is gone" } }] : sampleTunnel(),
    });
    renderApp(<TunnelPage />, host, "/settings/tunnel");
    expect((await screen.findByRole("alert")).textContent).toContain("The disk is gone.");
    broken = false;
    await userEvent.click(button("Retry"));
    expect(await screen.findByRole("region", { name: "How it is" })).toBeTruthy();
  });
});

describe("what can be done at once", () => {
  it("a test says how long the request took, or why it did not come back", async () => {
    let answer: unknown = { ok: true, roundTripMs: 41 };
    const { user } = await show(sampleTunnel(ONLINE), { "POST /api/tunnel/check": () => answer });
    await user.click(button("Test now"));
    expect(await screen.findByText("A request to the public address came back in 41 ms")).toBeTruthy();
    answer = {
      ok: false,
      error: {
        code: "receiver_unreachable",
        message: "something else answers: status 502",
        hint: "Check it.",
      },
    };
    await user.click(button("Test now"));
    const wrong = await screen.findByRole("alert");
    expect(wrong.textContent).toContain("The request did not come back");
    expect(wrong.textContent).toContain("Something else answers: status 502.");
    expect(wrong.textContent).toContain("Check it.");
  });

  it("a test that was overtaken by another state is not shown any more", async () => {
    const { client, user } = await show(sampleTunnel(ONLINE), {
      "POST /api/tunnel/check": { ok: true, roundTripMs: 41 },
    });
    await user.click(button("Test now"));
    await screen.findByText("A request to the public address came back in 41 ms");
    const since = new Date(Date.now() + 1000).toISOString();
    act(() => client.setQueryData(keys.tunnel, sampleTunnel({ ...DEGRADED, since })));
    await waitFor(() => expect(screen.queryByText(/came back in 41 ms/)).toBeNull());
  });

  it("disconnecting shows at once what came of it", async () => {
    const { user } = await show(sampleTunnel(ONLINE, STORED), {
      "POST /api/tunnel/stop": sampleTunnel(sampleTunnelStatus("off"), { ...STORED, on: false }),
    });
    await user.click(button("Disconnect"));
    await waitFor(() => expect(part("How it is").getByRole("status").textContent).toContain("Off"));
  });

  it("what cannot be connected says why", async () => {
    const { user } = await show(sampleTunnel(REFUSED), {
      "POST /api/tunnel/start": [
        409,
        {
          error: {
            code: "conflict",
            message: "the program `cloudflared` is not on the PATH",
            hint: "Install it.",
          },
        },
      ],
    });
    await user.click(button("Connect"));
    const wrong = await screen.findByRole("alert");
    expect(wrong.textContent).toContain("Not connected");
    expect(wrong.textContent).toContain("The program cloudflared is not on the PATH.");
  });
});

describe("which tunnel", () => {
  it("each kind is told honestly, with whether its program was found", async () => {
    await show();
    const form = within(screen.getByRole("form", { name: "Tunnel" }));
    expect(form.getAllByRole("radio")).toHaveLength(5);
    expect(
      form.getByText(/No account; needs the program cloudflared\. The address is another one/),
    ).toBeTruthy();
    expect(form.getByText("cloudflared not found")).toBeTruthy();
    expect(form.getByText("tailscale found")).toBeTruthy();
    expect(form.getByText(/A provider must reach this machine from the internet/)).toBeTruthy();
  });

  it("is chosen by keyboard", async () => {
    const { user } = await show();
    act(() => screen.getByRole("radio", { name: "ngrok" }).focus());
    await user.keyboard("{ArrowDown}");
    expect(screen.getByRole("radio", { name: "Cloudflare quick tunnel" }).getAttribute("aria-checked")).toBe(
      "true",
    );
    expect(screen.getByText("cloudflared was not found")).toBeTruthy();
    expect(button("How to install cloudflared")).toBeTruthy();
  });

  it("ngrok without an authtoken tells where to get one, and asks the engine nothing", async () => {
    const { user, host, openExternal } = await show();
    await choose(user, "ngrok");
    await save(user);
    expect(await screen.findByText(/Copy your authtoken from ngrok's dashboard/)).toBeTruthy();
    const field = screen.getByLabelText(/^Authtoken/);
    await waitFor(() => expect(document.activeElement).toBe(field));
    await user.click(button("Copy it from ngrok's dashboard"));
    expect(openExternal).toHaveBeenCalledWith("https://dashboard.ngrok.com/get-started/your-authtoken");
    expect(host.bodies).toEqual([]);
  });

  it("ngrok is saved with its token, which is not shown again", async () => {
    const { user, host } = await show(sampleTunnel(), {
      "PATCH /api/tunnel": sampleTunnel(sampleTunnelStatus("connecting"), STORED),
    });
    await choose(user, "ngrok");
    const field = screen.getByLabelText(/^Authtoken/);
    expect(field.getAttribute("type")).toBe("password");
    await user.type(field, "2abcTOKEN");
    await user.type(screen.getByRole("textbox", { name: "Domain" }), "me.ngrok-free.dev");
    await save(user);
    expect(await screen.findByText("Saved; it is being connected")).toBeTruthy();
    expect(host.bodies).toEqual([
      {
        kind: "ngrok",
        on: true,
        ngrokDomain: "me.ngrok-free.dev",
        ngrokRegion: null,
        ngrokAuthtoken: "2abcTOKEN",
      },
    ]);
    expect(screen.getByText("Stored")).toBeTruthy();
    expect(screen.queryByDisplayValue("2abcTOKEN")).toBeNull();
  });

  it("a stored token is replaced, or forgotten after asking", async () => {
    const { user, host } = await show(sampleTunnel(ONLINE, STORED), {
      "PATCH /api/tunnel": sampleTunnel(sampleTunnelStatus("off"), { kind: "ngrok", on: false }),
    });
    await user.click(button("Replace"));
    expect(screen.getByLabelText("New authtoken")).toBeTruthy();
    await user.click(button("Keep the stored one"));
    await user.click(button("Forget…"));
    const dialog = await screen.findByRole("dialog", { name: "Forget the authtoken?" });
    await user.click(within(dialog).getByRole("button", { name: "Forget authtoken" }));
    await waitFor(() => expect(host.bodies).toEqual([{ ngrokAuthtoken: null, on: false }]));
    expect(await screen.findByLabelText(/^Authtoken/)).toBeTruthy();
  });

  it("a token of the environment is said to be one, and cannot be changed here", async () => {
    await show(sampleTunnel(ONLINE, { ...STORED, ngrokAuthtoken: "environment" }));
    expect(screen.getByText("From NGROK_AUTHTOKEN")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Replace" })).toBeNull();
  });

  it("what the engine finds wrong stands at its field", async () => {
    const { user } = await show(sampleTunnel(ONLINE, STORED), {
      "PATCH /api/tunnel": [
        422,
        {
          error: { code: "invalid_request", field: "ngrokDomain", message: "that domain is somebody else's" },
        },
      ],
    });
    const field = screen.getByRole("textbox", { name: "Domain" });
    await user.type(field, "not.mine.dev");
    await save(user);
    expect(await screen.findByText("That domain is somebody else's.")).toBeTruthy();
    expect(field.getAttribute("aria-invalid")).toBe("true");
    await user.type(field, "x");
    expect(screen.queryByText("That domain is somebody else's.")).toBeNull();
  });

  it("what cannot even be tried says that nothing was changed, and why", async () => {
    const { user } = await show(sampleTunnel(), {
      "PATCH /api/tunnel": [
        409,
        {
          error: {
            code: "conflict",
            message: "the program `cloudflared` is not on the PATH",
            hint: "Install it from https://developers.cloudflare.com/downloads/ (no account is needed).",
          },
        },
      ],
    });
    await choose(user, "Cloudflare quick tunnel");
    await save(user);
    const wrong = await screen.findByRole("alert");
    expect(wrong.textContent).toContain("Nothing was changed");
    expect(
      within(wrong).getByRole("button", { name: "https://developers.cloudflare.com/downloads/" }),
    ).toBeTruthy();
  });

  it("an own address is told where to forward to, with examples to copy", async () => {
    const { user, host } = await show(sampleTunnel(), {
      "PATCH /api/tunnel": sampleTunnel(sampleTunnelStatus("connecting", { kind: "own-url" }), {
        kind: "own-url",
        on: true,
        url: "https://in.shop.example",
      }),
    });
    await choose(user, "Own address");
    await save(user);
    expect(await screen.findByText(/Put in the address/)).toBeTruthy();
    await user.type(screen.getByRole("textbox", { name: /Public address/ }), "https://in.shop.example");
    await user.click(screen.getByRole("radio", { name: "nginx" }));
    await user.click(button("Copy example for nginx"));
    await waitFor(() => expect(host.copied[0]).toContain("server_name in.shop.example;"));
    await user.click(button("Copy receiver's address"));
    await waitFor(() => expect(host.copied[1]).toBe("http://127.0.0.1:4400"));
    await save(user);
    await waitFor(() =>
      expect(host.bodies).toEqual([{ kind: "own-url", on: true, url: "https://in.shop.example" }]),
    );
  });

  it("none is chosen by saving it", async () => {
    const { user, host } = await show(sampleTunnel(ONLINE, STORED), { "PATCH /api/tunnel": sampleTunnel() });
    await choose(user, "No tunnel");
    await user.click(button("Use no tunnel"));
    expect(await screen.findByText("Saved; there is no tunnel")).toBeTruthy();
    expect(host.bodies).toEqual([{ kind: "none", on: false }]);
  });

  it("the plan is hidden until it is asked for, and counts as the free one when emptied", async () => {
    const { user, host } = await show(sampleTunnel(ONLINE, STORED), {
      "PATCH /api/tunnel": sampleTunnel(ONLINE, STORED),
    });
    expect(button("Plan").getAttribute("aria-expanded")).toBe("false");
    await user.click(button("Plan"));
    await user.clear(screen.getByRole("textbox", { name: "Requests a month" }));
    await save(user);
    await waitFor(() => expect(host.bodies[0]).toMatchObject({ ngrokMonthlyRequests: null }));
    expect(host.bodies[0]).not.toHaveProperty("ngrokMonthlyMegabytes");
  });
});

describe("usage and history", () => {
  it("tells what went through beside what the plan allows, and warns", async () => {
    await show(sampleTunnel({ ...ONLINE, usage: NEARLY_USED }, STORED));
    const usage = part("Used this month");
    expect(usage.getByText(/17,000 of 20,000 requests \(85%\)/)).toBeTruthy();
    expect(usage.getByText(/12 MB of 1 GB answered/)).toBeTruthy();
    expect(usage.getByRole("progressbar", { name: "Requests: 85% of the plan" })).toBeTruthy();
    expect(usage.getByText(NEARLY_USED.warning ?? "")).toBeTruthy();
  });

  it("has no usage where nothing limits it", async () => {
    await show(sampleTunnel(ONLINE));
    expect(screen.queryByRole("region", { name: "Used this month" })).toBeNull();
  });

  it("tells what happened, newest first, the rest when asked for", async () => {
    const long = "x".repeat(600);
    const history = Array.from({ length: 12 }, (_, index) => ({
      at: "2026-03-10T11:00:00Z",
      kind: "ngrok" as const,
      state: index === 0 ? ("refused" as const) : ("connecting" as const),
      reason: index === 0 ? `ngrok refuses: ${long}` : null,
    }));
    const { user } = await show(sampleTunnel(REFUSED, STORED, { history }));
    const lines = () =>
      within(screen.getByRole("list", { name: "Last changes of the tunnel" })).getAllByRole("listitem");
    expect(lines()).toHaveLength(8);
    expect(lines()[0]?.textContent).toContain(`Refusedngrok: ngrok refuses: ${long}`);
    await user.click(button("Show all 12 changes"));
    expect(lines()).toHaveLength(12);
  });

  it("says what will stand there as long as nothing happened", async () => {
    await show();
    expect(part("What happened lately").getByText(/Nothing has happened yet\./)).toBeTruthy();
  });

  it("explains every state", async () => {
    await show();
    const legend = screen.getByRole("table", { name: "States of the tunnel" });
    for (const word of ["Online", "Connecting", "Degraded", "Refused", "Off"])
      expect(within(legend).getByText(word)).toBeTruthy();
  });
});
