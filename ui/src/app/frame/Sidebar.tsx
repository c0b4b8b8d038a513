import { Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import {
  IconActivity,
  IconArrowsExchange,
  IconDatabase,
  IconListDetails,
  IconSettings,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { jobsQuery, statusQuery } from "../../api/queries";
import { formatCompact, formatCount } from "../../shared/format/numbers";
import { useNow } from "../../shared/state/now";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Mark } from "../../shared/ui/Mark";
import { Status } from "../../shared/ui/Status";
import classes from "./Frame.module.css";
import { reachability } from "./receiving";

export function Sidebar() {
  const narrow = useMediaQuery("(max-width: 999px)") ?? false;
  const events = useQuery({
    ...jobsQuery,
    select: (jobs) =>
      jobs.reduce(
        (sum, { stats }) =>
          sum + stats.pending + stats.processing + stats.completed + stats.failed + stats.skipped,
        0,
      ),
  });
  return (
    <aside className={classes.sidebar} aria-label="Hookline">
      <div className={classes.brand}>
        <Mark />
        <span>Hookline</span>
      </div>
      <nav className={classes.links} aria-label="Pages">
        <Item to="/events" icon={<IconListDetails size={18} />} label="Events" narrow={narrow}>
          {events.data !== undefined && (
            <Tooltip label={`${formatCount(events.data)} events are kept`}>
              <span className={classes.count}>{formatCompact(events.data)}</span>
            </Tooltip>
          )}
        </Item>
        <Item to="/transfers" icon={<IconArrowsExchange size={18} />} label="Transfers" narrow={narrow} />
        <Item to="/documents" icon={<IconDatabase size={18} />} label="Documents" narrow={narrow} />
        <Item to="/activity" icon={<IconActivity size={18} />} label="Activity" narrow={narrow} />
        <div className={classes.spring} />
        <Item to="/settings" icon={<IconSettings size={18} />} label="Settings" narrow={narrow} />
      </nav>
      <Reach />
    </aside>
  );
}

interface ItemProps {
  to: "/events" | "/transfers" | "/documents" | "/activity" | "/settings";
  icon: ReactNode;
  label: string;
  narrow: boolean;
  children?: ReactNode;
}

function Item({ to, icon, label, narrow, children }: ItemProps) {
  return (
    <Tooltip label={label} position="right" disabled={!narrow} openDelay={100}>
      <Link
        to={to}
        className={classes.link}
        activeProps={{ "aria-current": "page" }}
        {...(narrow ? { "aria-label": label } : {})}
      >
        {icon}
        <span>{label}</span>
        {children}
      </Link>
    </Tooltip>
  );
}

/** How the receiver is reached, at the foot of every page: the tunnel's state, and the address to copy. */
function Reach() {
  const now = useNow();
  const { data: status } = useQuery(statusQuery);
  if (!status) return <div className={classes.reach} />;
  const { tone, word, url, trouble, words } = reachability(status, now);
  return (
    <div className={classes.reach}>
      <Tooltip label={words} multiline maw={320} position="right-end" events={EVERYWHERE}>
        <Link to="/settings/tunnel" className={classes.tunnel} aria-label={`${word}. Tunnel settings`}>
          <Status tone={tone} compact>
            {word}
          </Status>
          <span className={classes.word} data-tone={tone} aria-hidden>
            {word}
          </span>
        </Link>
      </Tooltip>
      {trouble && <p className={classes.trouble}>{trouble}</p>}
      <div className={classes.address}>
        <Tooltip label={url}>
          <bdi className={classes.url}>{url.replace(/^https?:\/\//, "")}</bdi>
        </Tooltip>
        <CopyButton value={url} what="address" />
      </div>
    </div>
  );
}

/** Also for those who come by keyboard. */
const EVERYWHERE = { hover: true, focus: true, touch: false };
