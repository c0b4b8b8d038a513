/** What is done with the data as a whole, from the command palette: its outcome is told in a corner of the window. */
import type { QueryClient } from "@tanstack/react-query";
import { api, call } from "../../api/client";
import { statusQuery } from "../../api/queries";
import { suggestedBackup } from "../../features/settings/paths";
import { readDiagnostics } from "../../shared/diagnostics";
import { formatBytes } from "../../shared/format/numbers";
import type { Action } from "../../shared/state/actions";
import { copy } from "../../shared/state/copy";
import { toastError, toastSuccess } from "../../shared/state/toasts";

export function maintenanceActions(client: QueryClient): Action[] {
  const action = (id: string, label: string, keywords: string, run: () => Promise<unknown>): Action => ({
    id,
    label,
    group: "Data",
    keywords,
    run: () => void run(),
  });
  return [
    action("data.backup", "Back up the database", "copy save", () => backUp(client)),
    action("data.check", "Check the database for damage", "integrity", check),
    action("diagnostics.copy", "Copy diagnostics", "report problem log version", () =>
      copy(readDiagnostics, "diagnostics"),
    ),
  ];
}

async function backUp(client: QueryClient): Promise<void> {
  try {
    const { dataDir } = await client.ensureQueryData(statusQuery);
    const body = { path: suggestedBackup(dataDir, new Date()) };
    const { path, sizeBytes } = await call(api.POST("/api/maintenance/backup", { body }));
    toastSuccess(`Backed up: ${formatBytes(sizeBytes)}`, path);
  } catch (error) {
    toastError("The database could not be backed up", error);
  }
}

async function check(): Promise<void> {
  try {
    const { ok, problems } = await call(api.POST("/api/maintenance/check"));
    if (ok) toastSuccess("No damage was found");
    else toastError("The database is damaged: make a backup", new Error(problems.join("; ")));
  } catch (error) {
    toastError("The database could not be checked", error);
  }
}
