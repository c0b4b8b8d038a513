/** Beside a webhook URL: whether a provider gets through to it, and what to do when not. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "../../api/queries";
import type { TunnelState } from "../../api/schema";
import { useNow } from "../state/now";
import { Callout } from "../ui/Callout";
import { Linked } from "../ui/Linked";
import { ButtonLink, TextLink } from "../ui/links";
import { Status } from "../ui/Status";
import classes from "./ReachNote.module.css";
import { TUNNEL_TONES, tunnelWords, whyTunnel } from "./state";

/** What the link to the tunnel's settings says. */
const linkWords = (state: TunnelState): string => (state === "off" ? "Connect a tunnel" : "Tunnel settings");

const SHORT: Record<Exclude<TunnelState, "online">, string> = {
  off: "This machine only",
  connecting: "Tunnel is connecting",
  degraded: "Tunnel is degraded",
  refused: "Tunnel was refused",
};

interface ReachNoteProps {
  /** Who is to get through. */
  provider: string;
  /** One sentence more where there is no tunnel. */
  children?: string;
}

/** The whole of it, where a person is about to give the URL to a provider. Nothing is said when all is well. */
export function ReachNote({ provider, children }: ReachNoteProps) {
  const { data: status } = useQuery(statusQuery);
  const now = useNow();
  if (!status) return null;
  const { tunnel } = status;
  const { state } = tunnel;
  if (state === "online") return null;
  return (
    <Callout tone={state === "off" ? "wait" : TUNNEL_TONES[state]} roomy role="note">
      {state === "off" ? (
        <>
          <Text size="sm" fw={600}>
            Only this machine reaches this URL; {provider} does not.
          </Text>
          <Text size="sm">
            {whyTunnel(provider)} {children}
          </Text>
        </>
      ) : (
        <>
          <Status tone={TUNNEL_TONES[state]}>{SHORT[state]}</Status>
          <Text size="sm" component="div">
            <Linked>{tunnelWords(tunnel, now)}</Linked>
          </Text>
        </>
      )}
      <div>
        <ButtonLink to="/settings/tunnel" variant={state === "off" ? "filled" : "default"}>
          {linkWords(state)}
        </ButtonLink>
      </div>
    </Callout>
  );
}

/** The same in a line, where the URL is one fact of many. */
export function ReachMark() {
  const { data: status } = useQuery(statusQuery);
  if (!status || status.tunnel.state === "online") return null;
  const { state } = status.tunnel;
  return (
    <span className={classes.mark}>
      <Status tone={TUNNEL_TONES[state]}>{SHORT[state]}</Status>
      <TextLink to="/settings/tunnel" inherit underline="always">
        {linkWords(state)}
      </TextLink>
    </span>
  );
}
