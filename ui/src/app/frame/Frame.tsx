/** The frame around every page: sidebar, top bar with the light, palette, shortcuts. */
import { Outlet, useLocation } from "@tanstack/react-router";
import { Contained } from "../../shared/ui/Contained";
import { CommandPalette } from "../palette/CommandPalette";
import { AppActions } from "./AppActions";
import classes from "./Frame.module.css";
import { Sidebar } from "./Sidebar";
import { TopBar } from "./TopBar";

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
    </div>
  );
}
