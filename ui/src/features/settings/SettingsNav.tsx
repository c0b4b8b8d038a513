import { Link, useNavigate } from "@tanstack/react-router";
import { type MouseEvent, type RefObject, useEffect, useState } from "react";
import classes from "./Settings.module.css";
import { SECTIONS } from "./sections";

interface SettingsNavProps {
  /** What scrolls through the sections; absent on the tunnel's own page. */
  scroll?: RefObject<HTMLElement | null>;
}

/** A heading that is less than this far below the upper edge counts as reached, in pixels. */
const REACHED = 64;

/** Leads to the sections and to the tunnel's page, and shows which one is being read. */
export function SettingsNav({ scroll }: SettingsNavProps) {
  const navigate = useNavigate();
  const [current, setCurrent] = useState<string | undefined>(scroll && SECTIONS[0].id);
  useEffect(() => {
    const element = scroll?.current;
    if (!element) return;
    const look = () => {
      const top = element.getBoundingClientRect().top;
      const offsets = SECTIONS.map(({ id }) => ({
        id,
        top: (document.getElementById(id)?.getBoundingClientRect().top ?? 0) - top,
      }));
      const atEnd =
        element.scrollTop > 0 && element.scrollTop + element.clientHeight >= element.scrollHeight - 1;
      setCurrent(currentSection(offsets, atEnd));
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, [scroll]);
  const go = (event: MouseEvent, id: string) => {
    event.preventDefault();
    void navigate({ to: "/settings", hash: id, replace: scroll !== undefined });
    // Also where the address says so already.
    document.getElementById(id)?.scrollIntoView();
  };
  return (
    <nav className={classes.nav} aria-label="Sections of the settings">
      <Link to="/settings/tunnel" activeOptions={{ exact: true }} activeProps={{ "aria-current": "page" }}>
        Tunnel
      </Link>
      {SECTIONS.map(({ id, label }) => (
        <a
          key={id}
          href={`/settings#${id}`}
          aria-current={id === current ? "location" : undefined}
          onClick={(event) => go(event, id)}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}

/** The last section whose beginning is reached; at the end of the page the last one, however short it is. */
export function currentSection(offsets: { id: string; top: number }[], atEnd: boolean): string | undefined {
  if (atEnd) return offsets.at(-1)?.id;
  return (offsets.filter(({ top }) => top < REACHED).at(-1) ?? offsets[0])?.id;
}
