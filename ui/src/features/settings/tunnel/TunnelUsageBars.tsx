import { Progress, Stack, Text } from "@mantine/core";
import type { TunnelUsage } from "../../../api/schema";
import { formatBytes, formatCount, formatShare } from "../../../shared/format/numbers";
import { Callout } from "../../../shared/ui/Callout";
import { Status } from "../../../shared/ui/Status";
import classes from "./Tunnel.module.css";

/** From here on the engine warns, too. */
const WARN_AT = 0.8;

/** What went through the tunnel this month, beside what the plan allows. */
export function TunnelUsageBars({ usage }: { usage: TunnelUsage }) {
  const { month, requests, monthlyRequests, bytesIn, bytesOut, monthlyBytes, warning } = usage;
  return (
    <div className={classes.card}>
      {warning && (
        <Callout tone="wait" role="note">
          <Status tone="wait">Nearly used up</Status>
          <Text size="sm">{warning}</Text>
        </Callout>
      )}
      <Bar
        label="Requests"
        share={requests / monthlyRequests}
        words={`${formatCount(requests)} of ${formatCount(monthlyRequests)} requests`}
      />
      <Bar
        label="Answered bytes"
        share={bytesOut / monthlyBytes}
        words={`${formatBytes(bytesOut)} of ${formatBytes(monthlyBytes)} answered`}
      />
      <Text size="xs" c="dimmed">
        {formatBytes(bytesIn)} were received, which the plan does not count. Hookline's own count for {month}{" "}
        in UTC: what else uses the account is not in it.
      </Text>
    </div>
  );
}

function Bar({ label, share, words }: { label: string; share: number; words: string }) {
  return (
    <Stack gap={4}>
      <Text size="sm">
        {words} ({formatShare(share)})
      </Text>
      <Progress
        value={Math.min(100, share * 100)}
        color={share >= 1 ? "red" : share >= WARN_AT ? "yellow" : "sea"}
        size="sm"
        aria-label={`${label}: ${formatShare(share)} of the plan`}
      />
    </Stack>
  );
}
