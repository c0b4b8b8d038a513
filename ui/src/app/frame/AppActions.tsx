/** The actions that are there on every page, their shortcuts, and what the native menu and deep links ask for. */
import { useHotkeys } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { jobsQuery } from "../../api/queries";
import type { SyncJob } from "../../api/schema";
import { platform } from "../../platform";
import { DeleteJobDialog } from "../../shared/jobs/DeleteJobDialog";
import { type Action, runAction, useActions } from "../../shared/state/actions";
import { preferences, setPreference } from "../../shared/state/preferences";
import { isDialogOpen } from "../../shared/ui/dialogs";
import { openPalette } from "../palette/CommandPalette";
import { jobActions } from "./jobActions";
import { maintenanceActions } from "./maintenance";
import { tunnelActions } from "./tunnelActions";

/** Does something unless a dialog is open. */
const whenFree = (what: () => void) => () => {
  if (!isDialogOpen()) what();
};

export function AppActions() {
  const navigate = useNavigate();
  const router = useRouter();
  const client = useQueryClient();
  const { data: jobs } = useQuery(jobsQuery);
  const [deleting, setDeleting] = useState<SyncJob>();

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
      ...(jobs ?? []).flatMap((job) => jobActions(job, { navigate, onDelete: setDeleting })),
      ...tunnelActions(client, navigate),
      ...maintenanceActions(client),
      scheme("light", "Use the light theme"),
      scheme("dark", "Use the dark theme"),
      scheme("auto", "Use the system's theme"),
    ];
  }, [jobs, navigate, client]);
  useActions(actions);

  // Behind a dialog nothing moves: what it asks, or does, belongs to the page that it was opened on.
  const run = (id: string) => whenFree(() => runAction(id));
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

  // Also from within fields and editors.
  useHotkeys([["mod+K", openPalette]], [], true);

  useEffect(
    () =>
      platform().onCommand((command) => {
        if (command.kind === "navigate") {
          router.history.push(command.path);
          return;
        }
        switch (command.id) {
          case "newJob":
            return whenFree(() => runAction("job.new"))();
          case "settings":
            return whenFree(() => runAction("go.settings"))();
          case "palette":
            return openPalette();
          case "about":
            return whenFree(() => void navigate({ to: "/settings", hash: "about" }))();
          case "copyDiagnostics":
            return runAction("diagnostics.copy");
        }
      }),
    [navigate, router],
  );
  return (
    deleting && (
      <DeleteJobDialog
        job={deleting}
        onClose={() => setDeleting(undefined)}
        onDeleted={() => {
          // What is shown of the job is gone with it.
          if (router.state.location.pathname.startsWith(`/transfers/${deleting.id}`)) {
            void navigate({ to: "/transfers" });
          }
        }}
      />
    )
  );
}
