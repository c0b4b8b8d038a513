/** When the tunnel's state is worth an interruption: it was refused, or it works again after it did not for a while. */
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { ApiError } from "../../api/client";
import { statusQuery } from "../../api/queries";
import type { TunnelStatus } from "../../api/schema";
import { toastError, toastSuccess } from "../../shared/state/toasts";
import { tunnelName } from "../../shared/tunnel/state";

/** A link that is back sooner was hardly missed. */
const MISSED_MS = 10_000;

/** The toast of a refusal, told once however many ways it comes. */
export const REFUSED_TOAST = "tunnel-refused";

/** What has to be remembered of what was seen before. */
export interface Seen {
  state: TunnelStatus["state"];
  /** Since when it does not work any more that did before, in milliseconds. */
  troubleSince: number | null;
}

export type News = { kind: "refused"; tunnel: TunnelStatus } | { kind: "again"; tunnel: TunnelStatus };

/** What is to be told of a state after what was seen before, and what to remember of it. */
export function newsOf(seen: Seen | null, tunnel: TunnelStatus): { seen: Seen; news: News | null } {
  const { state } = tunnel;
  const since = Date.parse(tunnel.since);
  // What is off by choice and connected by choice is no trouble, and what was so at the start is no news.
  const isTrouble =
    state === "refused" ||
    state === "degraded" ||
    (state === "connecting" && (seen?.state === "online" || typeof seen?.troubleSince === "number"));
  const troubleSince = isTrouble ? (seen?.troubleSince ?? since) : null;
  const now: Seen = { state, troubleSince };
  if (!seen) return { seen: now, news: null };
  if (state === "refused" && seen.state !== "refused")
    return { seen: now, news: { kind: "refused", tunnel } };
  const isBack = state === "online" && seen.troubleSince !== null && since - seen.troubleSince >= MISSED_MS;
  return { seen: now, news: isBack ? { kind: "again", tunnel } : null };
}

/** Tells the news in a corner of the window, except on the page that shows them anyway. */
export function TunnelNews(): null {
  const { data: tunnel } = useQuery({ ...statusQuery, select: (status) => status.tunnel });
  const isShown = useLocation({ select: (location) => location.pathname === "/settings/tunnel" });
  const seen = useRef<Seen | null>(null);
  useEffect(() => {
    if (!tunnel) return;
    const result = newsOf(seen.current, tunnel);
    seen.current = result.seen;
    if (result.news && !isShown) tell(result.news);
  }, [tunnel, isShown]);
  return null;
}

function tell({ kind, tunnel }: News): void {
  const name = tunnelName(tunnel.kind);
  if (kind === "again") {
    toastSuccess(`${name} is online again`, tunnel.publicUrl ?? undefined);
    return;
  }
  const error = new ApiError(409, {
    code: "conflict",
    message: tunnel.reason ?? "It said no reason.",
    hint: tunnel.remedy ?? "Open the tunnel's settings.",
  });
  toastError(`${name} was refused: webhooks do not get through`, error, REFUSED_TOAST);
}
