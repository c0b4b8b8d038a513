import { Button, Group, Stack, Text } from "@mantine/core";
import { IconPlugConnected, IconPlugConnectedX, IconStethoscope } from "@tabler/icons-react";
import { describeError } from "../../../api/client";
import type { TunnelCheckAnswer, TunnelSettings, TunnelStatus } from "../../../api/schema";
import { sentence } from "../../../api/sentence";
import { formatDuration } from "../../../shared/format/numbers";
import { useNow } from "../../../shared/state/now";
import { useCheckTunnel, useStartTunnel, useStopTunnel } from "../../../shared/tunnel/mutations";
import {
  nextAttempt,
  TUNNEL_KINDS,
  TUNNEL_MEANINGS,
  TUNNEL_TONES,
  TUNNEL_WORDS,
  troubleOf,
} from "../../../shared/tunnel/state";
import { Callout } from "../../../shared/ui/Callout";
import { Fact } from "../../../shared/ui/Fact";
import { Linked } from "../../../shared/ui/Linked";
import { Problem } from "../../../shared/ui/Problem";
import { Status } from "../../../shared/ui/Status";
import { Time } from "../../../shared/ui/Time";
import { PathValue } from "../PathValue";
import classes from "./Tunnel.module.css";

interface TunnelStatusCardProps {
  status: TunnelStatus;
  settings: TunnelSettings;
}

/** How the tunnel is, and what can be done with it at once. */
export function TunnelStatusCard({ status, settings }: TunnelStatusCardProps) {
  const now = useNow();
  const { state, kind, publicUrl, since, provenAt, roundTripMs } = status;
  const next = nextAttempt(status.nextAttemptAt, now);
  return (
    <div className={classes.card}>
      <div className={classes.head}>
        {/* Not the sentences: what ticks in them would be read aloud again and again. */}
        <span role="status" className={classes.state}>
          <Status tone={TUNNEL_TONES[state]}>{TUNNEL_WORDS[state]}</Status>
        </span>
        {state !== "off" && <Text size="sm">{TUNNEL_KINDS[kind]}</Text>}
      </div>
      <Text size="sm">{TUNNEL_MEANINGS[state]}</Text>
      <Trouble status={status} next={next} />
      <dl className={classes.facts}>
        {publicUrl && (
          <Fact term="Address">
            <PathValue value={publicUrl} what="public address" />
          </Fact>
        )}
        <Fact term={`${TUNNEL_WORDS[state]} since`}>
          <Time value={since} />
        </Fact>
        {state !== "off" && (
          <Fact term="Last proof">
            {provenAt ? (
              <>
                A request came back <Time value={provenAt} />
              </>
            ) : (
              "No request came back yet"
            )}
          </Fact>
        )}
        {typeof roundTripMs === "number" && <Fact term="Round trip">{formatDuration(roundTripMs)}</Fact>}
      </dl>
      <Actions status={status} settings={settings} />
      {settings.chosenAtStart && (
        <Text size="xs" c="dimmed" role="note">
          This run's tunnel was chosen when Hookline was started, on the command line or in the environment.
          Connect, disconnect or save here, and what you choose here counts from then on; otherwise what was
          kept here counts again with the next start that chooses none.
        </Text>
      )}
    </div>
  );
}

function Trouble({ status, next }: { status: TunnelStatus; next: string | null }) {
  const trouble = troubleOf(status);
  if (!trouble && !next) return null;
  return (
    <Callout tone={TUNNEL_TONES[status.state]} aria-label="What is wrong">
      {trouble && (
        <Text size="sm" fw={600} component="div">
          <Linked>{trouble}</Linked>
        </Text>
      )}
      {status.remedy && (
        <Text size="sm" component="div">
          <Linked>{sentence(status.remedy)}</Linked>
        </Text>
      )}
      {next && <Text size="sm">{next}</Text>}
    </Callout>
  );
}

function Actions({ status, settings }: TunnelStatusCardProps) {
  const start = useStartTunnel();
  const stop = useStopTunnel();
  const check = useCheckTunnel();
  const isDown = status.state === "off" || status.state === "refused";
  const forget = () => {
    start.reset();
    stop.reset();
    check.reset();
  };
  const run = (mutation: typeof start) => () => {
    forget();
    mutation.mutate();
  };
  const failed = start.error ?? stop.error;
  return (
    <Stack gap="xs">
      <Group gap="xs">
        {isDown && (
          <Button
            leftSection={<IconPlugConnected size={14} />}
            disabled={settings.kind === "none"}
            loading={start.isPending}
            onClick={run(start)}
          >
            Connect
          </Button>
        )}
        {(status.state !== "off" || settings.on) && (
          <Button
            variant="default"
            leftSection={<IconPlugConnectedX size={14} />}
            loading={stop.isPending}
            onClick={run(stop)}
          >
            Disconnect
          </Button>
        )}
        <Button
          variant="default"
          leftSection={<IconStethoscope size={14} />}
          disabled={!status.publicUrl}
          loading={check.isPending}
          onClick={() => {
            forget();
            check.mutate();
          }}
        >
          Test now
        </Button>
        {settings.kind === "none" && (
          <Text size="xs" c="dimmed">
            Choose a tunnel below to connect it.
          </Text>
        )}
      </Group>
      <div aria-live="polite">
        {failed && (
          <Problem title={start.error ? "Not connected" : "Not disconnected"} {...describeError(failed)} />
        )}
        {check.error && <Problem title="Not tested" {...describeError(check.error)} />}
        {check.data && isStillSo(check.data.ok, check.submittedAt, status) && (
          <CheckResult answer={check.data} />
        )}
      </div>
    </Stack>
  );
}

/** Whether what a test found has not been overtaken: by a state that says otherwise and came after it. */
export function isStillSo(
  ok: boolean,
  testedAt: number,
  status: Pick<TunnelStatus, "state" | "since">,
): boolean {
  return (status.state === "online") === ok || Date.parse(status.since) <= testedAt;
}

function CheckResult({ answer }: { answer: TunnelCheckAnswer }) {
  const { ok, roundTripMs, error } = answer;
  if (ok) {
    const after = typeof roundTripMs === "number" ? ` in ${formatDuration(roundTripMs)}` : "";
    return <Status tone="ok">{`A request to the public address came back${after}`}</Status>;
  }
  return (
    <Problem
      title="The request did not come back"
      message={sentence(error?.message ?? "nothing was answered")}
      hint={error?.hint}
    />
  );
}
