/** The form of a sync job, for a new one and for one that exists. */
import { Button, Group, Kbd, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { describeError } from "../../api/client";
import { keys } from "../../api/keys";
import type { Destination, Source } from "../../api/schema";
import { plural } from "../../shared/format/numbers";
import { shownHotkey } from "../../shared/ui/keys";
import { AdvancedSection } from "./AdvancedSection";
import { DestinationSection } from "./DestinationSection";
import { DocumentsSection } from "./DocumentsSection";
import { JobFormProvider, useJobForm } from "./form";
import classes from "./JobForm.module.css";
import { JobSection } from "./JobSection";
import { LeaveGuard } from "./LeaveGuard";
import { SourceSection } from "./SourceSection";
import { createJob, fieldOf, type Progress, SaveError, saveJob } from "./save";
import { EventTypesSection } from "./types/EventTypesSection";
import { validateJob } from "./validate";
import {
  blankDestination,
  blankSource,
  type Choices,
  destinationValues,
  fitting,
  type JobValues,
  sourceValues,
} from "./values";

interface JobFormProps {
  choices: Choices;
  initial: JobValues;
  /** The job that is edited; absent for a new one. */
  jobId?: string;
  /** How many jobs use the destination of the job that is edited. */
  usedBy?: number;
  /** Called with the job's id when everything is saved. */
  onSaved: (jobId: string) => void;
  onCancel: () => void;
}

const WHAT = { source: "source", destination: "destination", job: "sync job" } as const;

export function JobForm({ choices, initial, jobId, usedBy = 0, onSaved, onCancel }: JobFormProps) {
  const client = useQueryClient();
  const element = useRef<HTMLFormElement>(null);
  const [before, setBefore] = useState(jobId === undefined ? null : initial);
  // What was just made is in no list yet that was read.
  const [made, setMade] = useState<{ source?: Source; destination?: Destination }>({});
  // Read while the page is being left, which may be before the next rendering.
  const saved = useRef(false);
  // One function as long as the rules are the same: the form's own functions are made anew with it.
  const { destinations } = choices;
  const validate = useCallback(
    (values: JobValues) => validateJob(fitting(values, destinations), before),
    [before, destinations],
  );
  const form = useJobForm({
    initialValues: initial,
    validate,
    validateInputOnBlur: true,
  });
  const known: Choices = {
    ...choices,
    sources: withMade(choices.sources, made.source),
    destinations: withMade(choices.destinations, made.destination),
  };

  const progress: Progress = {
    source: (source) => {
      setMade((now) => ({ ...now, source }));
      const isOwn = before?.sourceId === source.id;
      const values = isOwn ? sourceValues(source) : blankSource(source.kind);
      form.setFieldValue("sourceId", source.id);
      form.setFieldValue("source", values);
      if (isOwn) setBefore((now) => now && { ...now, source: values });
      void client.invalidateQueries({ queryKey: keys.sources });
    },
    destination: (destination) => {
      setMade((now) => ({ ...now, destination }));
      const isOwn = before?.destinationId === destination.id;
      const values = isOwn ? destinationValues(destination) : blankDestination(destination.kind);
      form.setFieldValue("destinationId", destination.id);
      form.setFieldValue("destination", values);
      if (isOwn) setBefore((now) => now && { ...now, destination: values });
      void client.invalidateQueries({ queryKey: keys.destinations });
    },
  };

  const save = useMutation({
    // A finished mutation is remembered for minutes: not one with secrets in it.
    gcTime: 0,
    mutationFn: async (values: JobValues): Promise<string> => {
      if (jobId === undefined || before === null) return (await createJob(values, progress)).id;
      await saveJob(jobId, values, before, progress);
      return jobId;
    },
    onSuccess: async (id) => {
      saved.current = true;
      await Promise.all([
        client.invalidateQueries({ queryKey: keys.jobs }),
        client.invalidateQueries({ queryKey: keys.overview }),
      ]);
      onSaved(id);
    },
    onError: (error) => {
      const field = error instanceof SaveError ? fieldOf(error) : null;
      if (field) form.setFieldError(field, describeError(error).message);
      focusProblem(element.current);
    },
  });

  const submit = () => {
    if (save.isPending || save.isSuccess) return;
    const { hasErrors } = form.validate() as { hasErrors: boolean };
    if (hasErrors) {
      save.reset();
      focusProblem(element.current);
    } else save.mutate(fitting(form.values, known.destinations));
  };
  useHotkeys([["mod+Enter", submit]], []);

  const wrong = Object.keys(form.errors).length;
  const isEdit = jobId !== undefined;
  return (
    <JobFormProvider form={form}>
      <LeaveGuard isDirty={() => form.isDirty() && !saved.current} />
      <form
        ref={element}
        className={classes.form}
        aria-label={isEdit ? "Edit sync job" : "Add sync job"}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div className={classes.scroll}>
          <div className={classes.sections}>
            <JobSection choices={known} before={before} />
            <SourceSection choices={known} before={before} />
            <DestinationSection choices={known} before={before} usedBy={usedBy} />
            <EventTypesSection choices={known} before={before} />
            <DocumentsSection choices={known} before={before} />
            <AdvancedSection choices={known} before={before} />
          </div>
        </div>
        <div className={classes.footer}>
          <div className={classes.problem} role="alert">
            {save.isError ? (
              <Failure error={save.error} made={made} isEdit={isEdit} />
            ) : (
              wrong > 0 && (
                <Text size="sm" c="var(--hl-bad)">
                  {plural(wrong, "field needs", "fields need")} another look.
                </Text>
              )
            )}
          </div>
          <Group gap="xs" wrap="nowrap">
            <Button variant="default" onClick={onCancel}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={save.isPending || save.isSuccess}
              disabled={isEdit && !form.isDirty()}
              rightSection={
                <Kbd size="xs" aria-hidden>
                  {shownHotkey("mod+Enter")}
                </Kbd>
              }
            >
              {isEdit ? "Save changes" : "Add sync job"}
            </Button>
          </Group>
        </div>
      </form>
    </JobFormProvider>
  );
}

/** What was made or changed meanwhile, in the place of what was read. */
function withMade<T extends { id: string }>(list: T[], made: T | undefined): T[] {
  if (!made) return list;
  return list.some(({ id }) => id === made.id) ? list : [...list, made];
}

/** Takes the keyboard to the first thing that is wrong, once it is on the screen. */
function focusProblem(form: HTMLFormElement | null): void {
  requestAnimationFrame(() => {
    const problem = form?.querySelector<HTMLElement>("[aria-invalid='true'], [data-form-error]");
    problem?.focus();
    problem?.scrollIntoView({ block: "center" });
  });
}

function Failure({
  error,
  made,
  isEdit,
}: {
  error: unknown;
  made: { source?: Source; destination?: Destination };
  isEdit: boolean;
}) {
  const cause = error instanceof SaveError ? error.cause : error;
  const { message, hint } = describeError(cause);
  const what = error instanceof SaveError ? WHAT[error.step] : WHAT.job;
  const kept = [made.source && "source", made.destination && "destination"].filter(Boolean).join(" and ");
  return (
    <Text size="sm" component="div" style={{ overflowWrap: "anywhere" }}>
      <Text span c="var(--hl-bad)">
        The {what} was not saved: {message}
      </Text>
      {hint && ` ${hint}`}
      {kept !== "" && ` The ${kept} ${isEdit ? "is saved" : "was made"} and stays chosen.`}
    </Text>
  );
}
