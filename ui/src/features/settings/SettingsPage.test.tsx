import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { keys } from "../../api/keys";
import type { Platform } from "../../platform";
import { preferences } from "../../shared/state/preferences";
import { everythingMeasures } from "../../test/layout";
import { type Answers, type FakeHost, fakeHost, renderApp } from "../../test/render";
import { PUBLIC_URL, REFUSED, sampleTunnelStatus } from "../../test/tunnel";
import { SettingsPage } from "./SettingsPage";

everythingMeasures(1280, 800);

const JOB = "/api/workspaces/default/sync-jobs/j1";

const STATUS = {
  version: "1.2.3",
  dataDir: "/data/hookline",
  logDir: "/data/hookline/logs",
  secrets: {
    kind: "file",
    description:
      "a file that only you can read: /data/hookline/secrets.json, because the keychain cannot be used here: it is locked",
    remedy: "Unlock it, then start Hookline again.",
  },
  receiver: { url: "http://127.0.0.1:4400", listening: true },
  tunnel: sampleTunnelStatus("off"),
  worker: { jobs: [] },
  storage: { path: "/data/hookline/hookline.db", databaseBytes: 5_000_000, searchBytes: 2000 },
};

const engine = (more: Answers = {}): Answers => ({
  "GET /api/status": STATUS,
  "GET /api/workspaces/default/sync-jobs": {
    syncJobs: [{ id: "j1", name: "Stripe → Shop", webhookConfig: { retentionDays: 30 } }],
  },
  ...more,
});

function show(answers = engine(), more: Partial<Platform> = {}) {
  const host: FakeHost = { ...fakeHost(answers), ...more };
  return { host, user: userEvent.setup(), ...renderApp(<SettingsPage />, host, "/settings") };
}

const section = async (name: string) => within(await screen.findByRole("region", { name }));

afterEach(() => vi.unstubAllGlobals());

describe("data", () => {
  it("says where they lie, how large they are, and plainly that and why secrets lie in a file", async () => {
    show();
    const data = await section("Data");
    expect(await data.findByText("/data/hookline")).toBeTruthy();
    expect(data.getByText("5 MB database, 2 KB search index")).toBeTruthy();
    expect(data.getByText(/lie in a file, not encrypted/)).toBeTruthy();
    expect(
      data.getByText(/Kept in a file that only you can read: \/data\/hookline\/secrets\.json.* it is locked/),
    ).toBeTruthy();
    expect(data.getByText("Unlock it, then start Hookline again.")).toBeTruthy();
  });

  it("says when nothing can be stored, and what to do about it", async () => {
    const problem = { message: "there is no room left on the disk", hint: "Make room on the disk." };
    show(engine({ "GET /api/status": { ...STATUS, storage: { ...STATUS.storage, problem } } }));
    const alert = within(await (await section("Data")).findByRole("alert"));
    expect(alert.getByText(problem.message)).toBeTruthy();
    expect(alert.getByText(problem.hint)).toBeTruthy();
  });

  it("does not speak of a file where secrets lie elsewhere", async () => {
    const secrets = { kind: "keychain", description: "the system's keychain", remedy: null };
    show(engine({ "GET /api/status": { ...STATUS, secrets } }));
    expect(await screen.findByText("Kept in the system's keychain")).toBeTruthy();
    expect(screen.getByText(/are encrypted there/)).toBeTruthy();
    expect(screen.queryByText(/start Hookline again/)).toBeNull();
    expect(screen.queryByText(/not encrypted/)).toBeNull();
  });

  it("that cannot be read say why, and are read again", async () => {
    let broken = true;
    const { user } = show(
      engine({
        "GET /api/status": () =>
          broken ? [500, { error: { code: "storage_failed", message: "the disk is gone" } }] : STATUS,
      }),
    );
    const data = await section("Data");
    expect((await data.findByRole("alert")).textContent).toContain("The disk is gone.");
    broken = false;
    await user.click(data.getByRole("button", { name: "Retry" }));
    expect(await data.findByText("/data/hookline")).toBeTruthy();
  });

  it("that are damaged are told as such, with every problem", async () => {
    const { user } = show(
      engine({
        "POST /api/maintenance/check": { ok: false, problems: ["page 7 is torn", "index x misses rows"] },
      }),
    );
    await user.click(await screen.findByRole("button", { name: "Check now" }));
    expect(await screen.findByText(/The database is damaged/)).toBeTruthy();
    expect(screen.getByText("page 7 is torn")).toBeTruthy();
    expect(screen.getByText("index x misses rows")).toBeTruthy();
  });

  it("are backed up to the file that is named; why it failed stands beside it", async () => {
    const { user, host } = show(
      engine({
        "POST /api/maintenance/backup": async (request: Request) => {
          const { path } = (await request.json()) as { path: string };
          if (path === "/backups/new.db") return { path, sizeBytes: 4_200_000 };
          return [409, { error: { code: "conflict", message: `${path} exists already` } }];
        },
      }),
    );
    const field = await screen.findByRole("textbox", { name: "File of the backup" });
    expect((field as HTMLInputElement).value).toMatch(/^\/data\/hookline-backup-\d{4}-\d\d-\d\d\.db$/);
    await user.click(screen.getByRole("button", { name: "Back up" }));
    expect(await screen.findByText(/exists already\./)).toBeTruthy();

    await user.clear(field);
    await user.type(field, "/backups/new.db");
    await user.click(screen.getByRole("button", { name: "Back up" }));
    expect(await screen.findByText(/4.2 MB written/)).toBeTruthy();
    expect(host.bodies.at(-1)).toEqual({ path: "/backups/new.db" });
  });
});

describe("retention", () => {
  const field = () => screen.findByRole("textbox", { name: "Days that Stripe → Shop keeps events" });

  it("is changed in place, after saying that older events will go", async () => {
    let days = 30;
    const { user, host } = show(
      engine({
        "GET /api/workspaces/default/sync-jobs": () => ({
          syncJobs: [{ id: "j1", name: "Stripe → Shop", webhookConfig: { retentionDays: days } }],
        }),
        [`PATCH ${JOB}`]: () => {
          days = 7;
          return {};
        },
      }),
    );
    const input = await field();
    expect(screen.queryByRole("button", { name: "Save" })).toBeNull();
    await user.clear(input);
    await user.type(input, "7");
    expect(screen.getByText("Events older than 7 d will go")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(screen.queryByRole("button", { name: "Save" })).toBeNull());
    expect(host.bodies).toEqual([{ webhookConfig: { retentionDays: 7 } }]);
    expect((input as HTMLInputElement).value).toBe("7 days");
  });

  it("is not saved when it is no number of days, and stays as it was when that is given up", async () => {
    const { user, host } = show();
    const input = await field();
    await user.clear(input);
    expect(screen.getByRole("button", { name: "Save" }).hasAttribute("disabled")).toBe(true);
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect((input as HTMLInputElement).value).toBe("30 days");
    expect(host.bodies).toEqual([]);
  });

  it("that is refused says why", async () => {
    const { user } = show(
      engine({
        [`PATCH ${JOB}`]: [409, { error: { code: "conflict", message: "the job is being deleted" } }],
      }),
    );
    const input = await field();
    await user.clear(input);
    await user.type(input, "90{Enter}");
    expect(await screen.findByText("The job is being deleted.")).toBeTruthy();
  });
});

describe("what belongs to the desktop", () => {
  it("is not offered in a browser, which says where it is instead", async () => {
    show();
    expect((await section("Notifications")).getByText(/come from the desktop app/)).toBeTruthy();
    expect((await section("Startup")).queryByRole("switch")).toBeNull();
    expect(screen.queryByRole("button", { name: "Open" })).toBeNull();
  });

  it("is switched there", async () => {
    const set = vi.fn(async () => {});
    const openFolder = vi.fn(async () => {});
    const { user } = show(engine(), {
      kind: "desktop",
      autostart: { isEnabled: async () => false, set },
      openFolder,
    });
    const startup = await section("Startup");
    await user.click(await startup.findByRole("switch", { name: "Start with the system" }));
    expect(set).toHaveBeenCalledWith(true);

    await user.click(startup.getByRole("switch", { name: /Keep receiving/ }));
    expect(preferences().keepReceivingWhenClosed).toBe(false);
    expect(startup.getByText(/Closing the window ends Hookline/)).toBeTruthy();

    await user.click((await section("Notifications")).getByRole("radio", { name: "Nothing" }));
    expect(preferences().notifications).toBe("off");

    await user.click(
      within(screen.getByRole("region", { name: "Data" })).getByRole("button", { name: "Open" }),
    );
    expect(openFolder).toHaveBeenCalledWith("/data/hookline");
  });

  it("shows what the system says when starting with it cannot be switched", async () => {
    const { user } = show(engine(), {
      kind: "desktop",
      autostart: { isEnabled: async () => false, set: () => Promise.reject(new Error("permission denied")) },
    });
    const toggle = await (await section("Startup")).findByRole("switch", { name: "Start with the system" });
    await user.click(toggle);
    expect(await screen.findByText("Permission denied.")).toBeTruthy();
    expect((toggle as HTMLInputElement).checked).toBe(false);
  });
});

it("the theme is chosen and kept", async () => {
  const set = vi.fn(async () => {});
  const host = fakeHost({});
  const { user } = show(engine(), { preferences: { ...host.preferences, set } });
  await user.click(await screen.findByRole("radio", { name: "Dark" }));
  expect(set).toHaveBeenCalledWith("colorScheme", "dark");
});

describe("receiving", () => {
  it("tells the addresses, and how to be reached from outside", async () => {
    show();
    const receiving = await section("Receiving");
    expect(await receiving.findByText("http://127.0.0.1:4400")).toBeTruthy();
    expect(receiving.getByText("Only this machine can send webhooks here")).toBeTruthy();
    expect(receiving.getByRole("link", { name: "Connect a tunnel" }).getAttribute("href")).toBe(
      "/settings/tunnel",
    );
  });

  it("tells the tunnel's state beside its address", async () => {
    const { client } = show(
      engine({ "GET /api/status": { ...STATUS, tunnel: sampleTunnelStatus("online") } }),
    );
    const receiving = await section("Receiving");
    expect(await receiving.findByText("ngrok: online")).toBeTruthy();
    expect(receiving.getByText(PUBLIC_URL)).toBeTruthy();
    act(() => client.setQueryData(keys.status, { ...STATUS, tunnel: REFUSED } as never));
    expect(await receiving.findByText("ngrok: refused")).toBeTruthy();
    expect(receiving.getByRole("link", { name: "Tunnel settings" })).toBeTruthy();
  });

  it("says that nothing listens when nothing does", async () => {
    show(
      engine({
        "GET /api/status": { ...STATUS, receiver: { url: "http://127.0.0.1:4400", listening: false } },
      }),
    );
    expect(await screen.findByText("Nothing listens here")).toBeTruthy();
  });
});

describe("diagnostics", () => {
  it("are read anew when they are copied, and shown when asked for", async () => {
    let reads = 0;
    const { user, host } = show(
      engine({
        "GET /api/diagnostics": () => {
          reads += 1;
          return { text: `Hookline 1.2.3, reading ${reads}` };
        },
      }),
    );
    await user.click(await screen.findByRole("button", { name: "Copy diagnostics" }));
    await waitFor(() => expect(host.copied).toEqual(["Hookline 1.2.3, reading 1"]));
    expect(screen.queryByRole("textbox", { name: "Diagnostics" })).toBeNull();

    await user.click(screen.getByRole("button", { name: "Show diagnostics" }));
    await waitFor(() =>
      expect((screen.getByRole("textbox", { name: "Diagnostics" }) as HTMLTextAreaElement).value).toBe(
        "Hookline 1.2.3, reading 2",
      ),
    );
  });

  it("that cannot be read say why, and nothing is copied", async () => {
    const { user, host } = show(
      engine({
        "GET /api/diagnostics": [500, { error: { code: "internal", message: "the log cannot be read" } }],
      }),
    );
    await user.click(await screen.findByRole("button", { name: "Copy diagnostics" }));
    expect(await screen.findByText(/The log cannot be read\./)).toBeTruthy();
    expect(host.copied).toEqual([]);
  });
});

describe("about", () => {
  const libraries = async (response: Response) => {
    vi.stubGlobal("fetch", async () => response);
    const shown = show();
    await shown.user.click(await screen.findByRole("button", { name: "Show libraries and their licences" }));
    return shown;
  };

  it("tells the version and the licence", async () => {
    const openExternal = vi.fn(async () => {});
    const { user } = show(engine(), { openExternal });
    expect(await screen.findByText("Hookline 1.2.3")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Apache License 2.0" }));
    expect(openExternal).toHaveBeenCalledWith("https://www.apache.org/licenses/LICENSE-2.0");
  });

  it("lists the libraries, to be searched", async () => {
    const { user } = await libraries(
      new Response(
        JSON.stringify({
          rust: [{ name: "axum", version: "0.8.0", licence: "MIT", texts: [0] }],
          npm: [{ name: "react", version: "19.0.0", licence: "MIT" }],
          texts: ["Permission is hereby granted"],
        }),
      ),
    );
    expect(await screen.findByText("0.8.0")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "axum" }));
    expect(await screen.findByText("Permission is hereby granted")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Close" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    await user.type(screen.getByRole("textbox", { name: "Search libraries" }), "npm");
    expect(screen.queryByText("axum")).toBeNull();
    expect(screen.getByText("react")).toBeTruthy();
  });

  it("says so when the build has no list, whatever the server answers instead", async () => {
    const { unmount } = await libraries(new Response("", { status: 404 }));
    expect(await screen.findByText(/This build has no list/)).toBeTruthy();
    unmount();
    await libraries(new Response("<!doctype html>"));
    expect(await screen.findByText(/This build has no list/)).toBeTruthy();
  });
});
