import { Group, Radio, Text } from "@mantine/core";
import { useId } from "react";
import type { TunnelAnswer, TunnelKind } from "../../../api/schema";
import { TUNNEL_KINDS } from "../../../shared/tunnel/state";
import { Status } from "../../../shared/ui/Status";
import classes from "./Tunnel.module.css";
import { programOf } from "./values";

/** What each kind is, in one honest sentence. */
const KINDS: [kind: TunnelKind, words: string][] = [
  [
    "ngrok",
    "Nothing to install; needs an account and its authtoken. The address stays the same, and the free plan allows 20,000 requests and 1 GB a month.",
  ],
  [
    "cloudflared",
    "No account; needs the program cloudflared. The address is another one after each start: for trying things out.",
  ],
  [
    "tailscale",
    "The address stays the same; needs Tailscale on this machine, logged in, with Funnel allowed.",
  ],
  [
    "own-url",
    "A reverse proxy or tunnel that you run yourself forwards to Hookline; Hookline tests that it does.",
  ],
  ["none", "Only programs on this machine can send webhooks here."],
];

interface KindCardsProps {
  tunnel: TunnelAnswer;
  kind: TunnelKind;
  onChange: (kind: TunnelKind) => void;
}

/** The choice of a kind. */
export function KindCards({ tunnel, kind, onChange }: KindCardsProps) {
  const id = useId();
  return (
    <Radio.Group
      label="Kind of tunnel"
      description="A provider must reach this machine from the internet; a tunnel gives it an address."
      value={kind}
      onChange={(value) => onChange(value as TunnelKind)}
    >
      <div className={classes.kinds}>
        {KINDS.map(([value, words]) => {
          const program = programOf(value, tunnel);
          return (
            <Radio.Card
              key={value}
              value={value}
              className={classes.kind ?? ""}
              aria-label={TUNNEL_KINDS[value]}
              aria-describedby={`${id}-${value}`}
            >
              <Radio.Indicator size="xs" mt={2} />
              <div>
                <Group gap="xs" justify="space-between">
                  <Text size="sm" fw={600}>
                    {TUNNEL_KINDS[value]}
                  </Text>
                  {program && (
                    <Text size="xs" span>
                      <Status tone={program.found ? "ok" : "idle"}>
                        {program.found ? `${program.name} found` : `${program.name} not found`}
                      </Status>
                    </Text>
                  )}
                </Group>
                <Text size="xs" c="dimmed" id={`${id}-${value}`}>
                  {words}
                </Text>
              </div>
            </Radio.Card>
          );
        })}
      </div>
    </Radio.Group>
  );
}
