import { Button, Text } from "@mantine/core";
import { useState } from "react";
import type { TunnelMoment } from "../../../api/schema";
import { plural } from "../../../shared/format/numbers";
import { TUNNEL_KINDS, TUNNEL_TONES, TUNNEL_WORDS } from "../../../shared/tunnel/state";
import { Linked } from "../../../shared/ui/Linked";
import { Status } from "../../../shared/ui/Status";
import { Time } from "../../../shared/ui/Time";
import classes from "./Tunnel.module.css";

/** So many tell what is going on; the rest is there when asked for. */
const SHOWN = 8;

/** The last changes of the tunnel's state, newest first. */
export function TunnelTimeline({ history }: { history: TunnelMoment[] }) {
  const [all, setAll] = useState(false);
  if (history.length === 0) {
    return (
      <div className={classes.card}>
        <Text size="sm" c="dimmed">
          Nothing has happened yet. Each time the tunnel comes, goes or is refused, it is written down here.
        </Text>
      </div>
    );
  }
  const shown = all ? history : history.slice(0, SHOWN);
  return (
    <div className={classes.card}>
      <ol className={classes.moments} aria-label="Last changes of the tunnel">
        {numbered(shown).map(([key, { at, kind, state, reason }]) => (
          <li key={key} className={classes.moment}>
            <span className={classes.when}>
              <Time value={at} />
            </span>
            <Status tone={TUNNEL_TONES[state]}>{TUNNEL_WORDS[state]}</Status>
            <Text size="sm" component="div" className={classes.what}>
              {TUNNEL_KINDS[kind]}
              {reason && (
                <>
                  {": "}
                  <Linked>{reason}</Linked>
                </>
              )}
            </Text>
          </li>
        ))}
      </ol>
      {history.length > SHOWN && (
        <Button variant="subtle" size="compact-xs" className={classes.more} onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show all ${plural(history.length, "change")}`}
        </Button>
      )}
    </div>
  );
}

/** With keys: several changes may bear one time. Counted from the oldest of a time, so that a new one changes none. */
function numbered(moments: TunnelMoment[]): [string, TunnelMoment][] {
  const seen = new Map<string, number>();
  return moments
    .toReversed()
    .map((moment): [string, TunnelMoment] => {
      const count = (seen.get(moment.at) ?? 0) + 1;
      seen.set(moment.at, count);
      return [`${moment.at} ${count}`, moment];
    })
    .toReversed();
}
