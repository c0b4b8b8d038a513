/** The actions that are there on every page, their shortcuts, and what the native menu and deep links ask for. */
import { useHotkeys } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { jobsQuery } from "../../api/queries";
import { platform } from "../../platform";
import { copy } from "../../shared/state/copy";
import { preferences, setPreference } from "../../shared/state/preferences";
import { type Action, runAction, useActions } from "../actions";
import { openPalette } from "../palette/CommandPalette";

export function AppActions() {
  const navigate = useNavigate();
  const router = useRouter();
  const { data: jobs } = useQuery(jobsQuery);

  const actions = useMemo<Action[]>(() => {
    const go = (id: string, label: string, to: string, hotkey?: string): Action => ({
      id: `go.${id}`,
      label,
      group: "Go to",
      ...(hotkey ? { hotkey } : {}),
      run: () => void navigate({ to }),
    });
    const scheme = (value: "auto" | "light" | "dark", label: string): Action => ({
      id: `appearance.${value}`,
      label,
      group: "Appearance",
      keywords: "theme colour scheme",
      run: () => setPreference("colorScheme", value),
    });
    return [
      go("events", "Events", "/events", "mod+1"),
      go("transfers", "Transfers", "/transfers", "mod+2"),
      go("documents", "Documents", "/documents", "mod+3"),
      go("activity", "Activity", "/activity", "mod+4"),
      go("settings", "Settings", "/settings", "mod+,"),
      go("welcome", "Welcome", "/welcome"),
      {
        id: "job.new",
        label: "Add sync job",
        group: "Transfers",
        hotkey: "mod+N",
        keywords: "create webhook connect",
        run: () => void navigate({ to: "/transfers/new" }),
      },
      ...(jobs ?? []).flatMap((job): Action[] => [
        {
          id: `job.open.${job.id}`,
          label: `Open ${job.name}`,
          group: "Transfers",
          run: () => void navigate({ to: "/transfers/$jobId", params: { jobId: job.id } }),
        },
        {
          id: `job.events.${job.id}`,
          label: `Show events of ${job.name}`,
          group: "Transfers",
          run: () => void navigate({ to: "/events", search: { job: job.id } }),
        },
        {
          id: `job.url.${job.id}`,
          label: `Copy webhook URL of ${job.name}`,
          group: "Transfers",
          run: () => void copy(job.webhookUrl, "webhook URL"),
        },
      ]),
      scheme("light", "Use the light theme"),
      scheme("dark", "Use the dark theme"),
      scheme("auto", "Use the system's theme"),
    ];
  }, [jobs, navigate]);
  useActions(actions);

  const run = (id: string) => () => runAction(id);
  useHotkeys([
    ["mod+1", run("go.events")],
    ["mod+2", run("go.transfers")],
    ["mod+3", run("go.documents")],
    ["mod+4", run("go.activity")],
    ["mod+,", run("go.settings")],
    ["mod+N", run("job.new")],
    [
      "mod+shift+L",
      () => setPreference("colorScheme", preferences().colorScheme === "dark" ? "light" : "dark"),
    ],
  ]);

  useEffect(
    () =>
      platform().onCommand((command) => {
        if (command.kind === "navigate") {
          router.history.push(command.path);
          return;
        }
        switch (command.id) {
          case "newJob":
            return runAction("job.new");
          case "settings":
            return runAction("go.settings");
          case "palette":
            return openPalette();
          case "about":
            return void navigate({ to: "/settings", hash: "about" });
          case "copyDiagnostics":
            return void navigate({ to: "/settings", hash: "logs" });
        }
      }),
    [navigate, router],
  );
  return null;
}
