/** The frame around every page: sidebar, top bar with the light, palette, shortcuts. */
import { VisuallyHidden } from "@mantine/core";
import { Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Contained } from "../../shared/ui/Contained";
import { CommandPalette } from "../palette/CommandPalette";
import { AppActions } from "./AppActions";
import { titleOf, useCrumbs } from "./crumbs";
import classes from "./Frame.module.css";
import { Sidebar } from "./Sidebar";
import { TopBar } from "./TopBar";
import { TunnelNews } from "./tunnelNews";

/** Names the page where the browser does, and tells screen readers of another one: the focus stays where it is. */
function PageName({ path }: { path: string }) {
  const title = titleOf(useCrumbs());
  const [first] = useState(path);
  const [hasMoved, setHasMoved] = useState(false);
  if (path !== first && !hasMoved) setHasMoved(true);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return <VisuallyHidden role="status">{hasMoved && title}</VisuallyHidden>;
}

export function Frame() {
  const path = useLocation({ select: (location) => location.pathname });
  return (
    <div className={classes.frame}>
      <a className={classes.skip} href="#page">
        Skip to the page
      </a>
      <AppActions />
      <CommandPalette />
      <Sidebar />
      <div className={classes.main}>
        <TopBar />
        <main id="page" tabIndex={-1} className={classes.page}>
          <Contained resetKey={path} what="page">
            <Outlet />
          </Contained>
        </main>
      </div>
      <PageName path={path} />
      <TunnelNews />
    </div>
  );
}
