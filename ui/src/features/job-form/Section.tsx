import { Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./JobForm.module.css";

interface SectionProps {
  title: string;
  /** What the section decides, in one or two sentences. */
  help?: ReactNode;
  children: ReactNode;
}

/** A heading with what it is about, and the fields beside or below it. */
export function Section({ title, help, children }: SectionProps) {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.heading}>
        <Title order={2}>{title}</Title>
        {help && (
          <Text size="xs" c="dimmed">
            {help}
          </Text>
        )}
      </div>
      <div className={classes.fields}>{children}</div>
    </section>
  );
}
