import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { describeError } from "../../api/client";
import type { Check, Endpoint, Finding, SyncJob } from "../../api/schema";
import { useCreateEndpoint, useMendEndpoint } from "../../shared/endpoint/queries";
import { endpointSentence } from "../../shared/endpoint/words";
import { formatClock } from "../../shared/format/times";
import { checkProblem } from "../../shared/jobs/check";
import { useCheckDestination, useResume, useSetEnabled } from "../../shared/jobs/mutations";
import { ButtonLink } from "../../shared/ui/links";
import { Problem } from "../../shared/ui/Problem";
import { Failed, LoadingRows } from "../../shared/ui/States";
import { Status } from "../../shared/ui/Status";
import classes from "./DiagnosisDialog.module.css";
import { byUrgency, CHECK_WORDS, FINDING_TONES } from "./diagnosis";
import { diagnosisQuery } from "./queries";

interface DiagnosisDialogProps {
  job: SyncJob;
  onClose: () => void;
  onRotate: () => void;
}

/** *Why is nothing arriving?*: what was looked at, what was found, and what to do about it. */
export function DiagnosisDialog({ job, onClose, onRotate }: DiagnosisDialogProps) {
  const { data, error, isPending, isFetching, refetch } = useQuery(diagnosisQuery(job.id));
  // What came of the last action, once what it was about is not found any more.
  const [outcome, setOutcome] = useState<string>();
  return (
    <Modal opened onClose={onClose} title="Why is nothing arriving?" size={760}>
      {isPending ? (
        <Stack gap={0}>
          <Text size="sm" c="dimmed">
            Looking at the receiver, the public URL, the rejections and the destination…
          </Text>
          <LoadingRows rows={6} />
        </Stack>
      ) : !data ? (
        <Failed title="The job could not be looked at" error={error} onRetry={() => void refetch()} />
      ) : (
        <Stack gap="sm">
          <Text className={classes.summary} role="status">
            {data.summary}
          </Text>
          {outcome && (
            <Text size="sm" role="status" className={classes.words}>
              {outcome}
            </Text>
          )}
          <ul className={classes.findings} aria-label="Findings" aria-busy={isFetching}>
            {byUrgency(data.findings).map((finding) => (
              <FindingLine
                key={`${finding.check} ${finding.message}`}
                finding={finding}
                job={job}
                onRotate={() => {
                  onClose();
                  onRotate();
                }}
                onMended={(words) => {
                  setOutcome(words);
                  void refetch();
                }}
              />
            ))}
          </ul>
          <Group justify="space-between">
            <Text size="xs" c="dimmed">
              Checked at {formatClock(data.checkedAt)}
            </Text>
            <Button
              variant="default"
              leftSection={<IconRefresh size={14} />}
              loading={isFetching}
              onClick={() => {
                setOutcome(undefined);
                void refetch();
              }}
            >
              Check again
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

/** What the tunnel's settings can mend. */
const ABOUT_THE_TUNNEL: readonly Check[] = ["publicUrl", "reachable"];

interface FindingLineProps {
  finding: Finding;
  job: SyncJob;
  onRotate: () => void;
  /** Something was done: what, in words, where the findings will not tell. */
  onMended: (words?: string) => void;
}

function FindingLine({ finding, job, onRotate, onMended }: FindingLineProps) {
  return (
    <li className={classes.finding}>
      <Status tone={FINDING_TONES[finding.state]}>{CHECK_WORDS[finding.check]}</Status>
      <div className={classes.words}>
        <Text size="sm">{finding.message}</Text>
        {finding.hint && (
          <Text size="sm" className={classes.hint}>
            {finding.hint}
          </Text>
        )}
      </div>
      <Stack gap={4} align="flex-end">
        <FindingAction finding={finding} job={job} onRotate={onRotate} onMended={onMended} />
        {ABOUT_THE_TUNNEL.includes(finding.check) && finding.state !== "ok" && (
          <ButtonLink to="/settings/tunnel" variant="default" size="compact-sm">
            {finding.check === "publicUrl" ? "Connect a tunnel" : "Tunnel settings"}
          </ButtonLink>
        )}
        {/* Whatever would help against them: one wants to see what was rejected. */}
        {finding.check === "rejections" && finding.state !== "ok" && finding.action !== "showRejected" && (
          <ShowRejected jobId={job.id} />
        )}
      </Stack>
    </li>
  );
}

function FindingAction({ finding, job, onRotate, onMended }: FindingLineProps) {
  switch (finding.action) {
    case "resume":
      // What stands still is a paused job, or one whose destination does not answer.
      return job.enabled ? (
        <ResumeDestination job={job} onMended={onMended} />
      ) : (
        <ResumeJob job={job} onMended={onMended} />
      );
    case "editJob":
      return (
        <ButtonLink
          to="/transfers/$jobId/edit"
          params={{ jobId: job.id }}
          variant="default"
          size="compact-sm"
        >
          Edit job
        </ButtonLink>
      );
    case "rotateSecret":
      return (
        <Button variant="default" size="compact-sm" onClick={onRotate}>
          Rotate secret…
        </Button>
      );
    case "checkDestination":
      return <CheckDestination job={job} />;
    case "showRejected":
      return <ShowRejected jobId={job.id} />;
    case "createEndpoint":
      return <CreateEndpoint job={job} onMended={onMended} />;
    case "mendEndpoint":
      return <MendEndpoint job={job} onMended={onMended} />;
    default:
      return null;
  }
}

function ShowRejected({ jobId }: { jobId: string }) {
  return (
    <ButtonLink
      to="/events"
      search={{ job: jobId, status: ["rejected"] }}
      variant="default"
      size="compact-sm"
    >
      Show rejected
    </ButtonLink>
  );
}

type Mending = Pick<FindingLineProps, "job" | "onMended">;

/** What the endpoint is now, in a sentence. */
const madeWords = (endpoint: Endpoint): string | undefined =>
  endpoint.managed ? endpointSentence(endpoint, endpoint.managed) : undefined;

function CreateEndpoint({ job, onMended }: Mending) {
  const create = useCreateEndpoint(job.id);
  return (
    <MendButton
      label="Set it up at the provider"
      failure="It was not set up at the provider"
      busy={create.isPending}
      error={create.error}
      onClick={() => create.mutate(undefined, { onSuccess: (endpoint) => onMended(madeWords(endpoint)) })}
    />
  );
}

function MendEndpoint({ job, onMended }: Mending) {
  const mend = useMendEndpoint(job.id);
  return (
    <MendButton
      label="Bring it into line"
      failure="It was not brought into line"
      busy={mend.isPending}
      error={mend.error}
      onClick={() => mend.mutate(undefined, { onSuccess: (endpoint) => onMended(madeWords(endpoint)) })}
    />
  );
}

function ResumeJob({ job, onMended }: Mending) {
  const setEnabled = useSetEnabled(job.id);
  return (
    <MendButton
      label="Resume job"
      failure="The job could not be resumed"
      busy={setEnabled.isPending}
      error={setEnabled.error}
      onClick={() => setEnabled.mutate(true, { onSuccess: () => onMended() })}
    />
  );
}

function ResumeDestination({ job, onMended }: Mending) {
  const resume = useResume(job.id);
  return (
    <MendButton
      label="Try destination again"
      failure="The destination could not be tried"
      busy={resume.isPending}
      error={resume.error}
      onClick={() => resume.mutate(undefined, { onSuccess: () => onMended() })}
    />
  );
}

interface MendButtonProps {
  label: string;
  failure: string;
  busy: boolean;
  error: unknown;
  onClick: () => void;
}

function MendButton({ label, failure, busy, error, onClick }: MendButtonProps) {
  return (
    <Stack gap={4} align="flex-end" maw={260}>
      <Button variant="default" size="compact-sm" loading={busy} onClick={onClick}>
        {label}
      </Button>
      {error !== null && error !== undefined && <Problem title={failure} {...describeError(error)} />}
    </Stack>
  );
}

function CheckDestination({ job }: { job: SyncJob }) {
  const check = useCheckDestination(job);
  const problem = checkProblem(check.data, check.error);
  return (
    <Stack gap={4} align="flex-end" maw={260}>
      <Button
        variant="default"
        size="compact-sm"
        loading={check.isPending}
        onClick={() => check.mutate(undefined)}
      >
        Check destination
      </Button>
      {check.data?.ok && <Status tone="ok">{check.data.message ?? "It can be written to"}</Status>}
      {problem && (
        <Problem title={check.data ? "It cannot be written to" : "It could not be checked"} {...problem} />
      )}
    </Stack>
  );
}
