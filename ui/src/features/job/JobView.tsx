import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import type { SyncJob } from "../../api/schema";
import { DeleteJobDialog } from "../../shared/jobs/DeleteJobDialog";
import { Contained } from "../../shared/ui/Contained";
import { LoadingRows } from "../../shared/ui/States";
import { DiagnosisDialog } from "./DiagnosisDialog";
import { ExecutionsTab } from "./ExecutionsTab";
import { JobHead } from "./JobHead";
import classes from "./JobView.module.css";
import { OverviewTab } from "./OverviewTab";
import { RotateSecretDialog } from "./RotateSecretDialog";
import { SettingsTab } from "./SettingsTab";
import { type JobSearch, type JobTab, parseJobSearch } from "./search";

const SetupCard = lazy(() => import("../setup/SetupCard").then((setup) => ({ default: setup.SetupCard })));

const TAB_WORDS: Record<JobTab, string> = {
  overview: "Overview",
  executions: "Executions",
  setup: "Set up",
  settings: "Settings",
};

export function JobView({ job, failedLastHour }: { job: SyncJob; failedLastHour: number }) {
  const search = parseJobSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<"rotate" | "delete">();
  const close = () => setDialog(undefined);

  const tab: JobTab = search.tab ?? "overview";
  const go = (change: Partial<Record<keyof JobSearch, unknown>>, replace = true) =>
    void navigate({
      to: "/transfers/$jobId",
      params: { jobId: job.id },
      search: parseJobSearch({ ...search, ...change }),
      replace,
    });
  const rotate = () => setDialog("rotate");
  const remove = () => setDialog("delete");

  return (
    <div className={classes.page}>
      <JobHead
        job={job}
        failedLastHour={failedLastHour}
        onRotate={rotate}
        onDelete={remove}
        onDiagnose={() => go({ why: true })}
        onSetUp={() => go({ tab: "setup" }, false)}
      />
      <Tabs
        className={classes.tabs}
        value={tab}
        onChange={(next) => go({ tab: next ?? undefined }, false)}
        keepMounted={false}
      >
        <Tabs.List className={classes.list}>
          {(Object.keys(TAB_WORDS) as JobTab[]).map((entry) => (
            <Tabs.Tab key={entry} value={entry}>
              {TAB_WORDS[entry]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="overview" className={classes.panel}>
          <Contained what="overview">
            <OverviewTab
              job={job}
              range={search.range ?? "24h"}
              onRange={(range) => go({ range })}
              onDiagnose={() => go({ why: true })}
            />
          </Contained>
        </Tabs.Panel>
        <Tabs.Panel value="executions" className={classes.panel} data-fill>
          <Contained what="list of executions">
            <ExecutionsTab jobId={job.id} />
          </Contained>
        </Tabs.Panel>
        <Tabs.Panel value="setup" className={classes.panel} data-padded>
          <Contained what="instructions">
            <Suspense fallback={<LoadingRows />}>
              <SetupCard jobId={job.id} />
            </Suspense>
          </Contained>
        </Tabs.Panel>
        <Tabs.Panel value="settings" className={classes.panel}>
          <Contained what="settings">
            <SettingsTab job={job} onRotate={rotate} onDelete={remove} />
          </Contained>
        </Tabs.Panel>
      </Tabs>
      {search.why && <DiagnosisDialog job={job} onClose={() => go({ why: undefined })} onRotate={rotate} />}
      {dialog === "rotate" && <RotateSecretDialog job={job} onClose={close} />}
      {dialog === "delete" && (
        <DeleteJobDialog job={job} onClose={close} onDeleted={() => void navigate({ to: "/transfers" })} />
      )}
    </div>
  );
}
