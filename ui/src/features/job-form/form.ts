/** The form's state, within reach of every section of it. */
import { createFormContext } from "@mantine/form";
import type { Choices, JobValues } from "./values";

export const [JobFormProvider, useJobFormContext, useJobForm] = createFormContext<JobValues>();

/** For number inputs: whole numbers, and what is out of bounds stays to be seen. */
export const whole = { clampBehavior: "none", allowDecimal: false, allowNegative: false } as const;

/** What each section is given beside the form's state. */
export interface SectionProps {
  choices: Choices;
  /** The job as it is; null for a new one. */
  before: JobValues | null;
}
