/** Settings of this device and of Hookline, its data, its log, and what it is made of. */
import { useLocation } from "@tanstack/react-router";
import { type ComponentType, useEffect, useRef } from "react";
import { Contained } from "../../shared/ui/Contained";
import { AboutSection } from "./AboutSection";
import { AppearanceSection } from "./AppearanceSection";
import { DataSection } from "./DataSection";
import { KeyboardSection } from "./KeyboardSection";
import { LogsSection } from "./LogsSection";
import { NotificationsSection } from "./NotificationsSection";
import { ReceivingSection } from "./ReceivingSection";
import classes from "./Settings.module.css";
import { SettingsNav } from "./SettingsNav";
import { StartupSection } from "./StartupSection";
import { SECTIONS, type SectionId } from "./sections";

const CONTENTS: Record<SectionId, ComponentType> = {
  appearance: AppearanceSection,
  data: DataSection,
  notifications: NotificationsSection,
  startup: StartupSection,
  receiving: ReceivingSection,
  logs: LogsSection,
  keyboard: KeyboardSection,
  about: AboutSection,
};

export function SettingsPage() {
  const scroll = useRef<HTMLDivElement>(null);
  const hash = useLocation({ select: (location) => location.hash });
  useEffect(() => {
    if (SECTIONS.some(({ id }) => id === hash)) document.getElementById(hash)?.scrollIntoView();
  }, [hash]);
  return (
    <div className={classes.page}>
      <SettingsNav scroll={scroll} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keyboard */}
      <section ref={scroll} className={classes.scroll} aria-label="Settings" tabIndex={0}>
        {SECTIONS.map(({ id, label }) => {
          const Content = CONTENTS[id];
          return (
            <section key={id} id={id} className={classes.section} aria-labelledby={`${id}-heading`}>
              <h2 id={`${id}-heading`} className={classes.heading}>
                {label}
              </h2>
              <Contained what={`section ${label}`}>
                <Content />
              </Contained>
            </section>
          );
        })}
      </section>
    </div>
  );
}
