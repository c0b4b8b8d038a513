import { Collapse, NumberInput, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import { formatCount, formatDuration, plural } from "../../shared/format/numbers";
import { providerOf } from "../../shared/provider/providers";
import { Status } from "../../shared/ui/Status";
import { type SectionProps, useJobFormContext, whole } from "./form";
import { hasTimestamp } from "./generic/spec";
import classes from "./JobForm.module.css";
import { LIMITS, numberProblem } from "./validate";
import { chosenKind, type JobValues, NEW } from "./values";

const FIELDS = ["batchSize", "batchWaitMs", "signatureToleranceSeconds"] as const;

export function AdvancedSection(props: SectionProps) {
  const form = useJobFormContext();
  const id = useId();
  const [open, setOpen] = useState(false);
  // What is wrong in here has to be seen.
  const shown = open || FIELDS.some((field) => form.errors[field]);
  return (
    <section className={classes.section} aria-labelledby={`${id}-title`}>
      <div className={classes.heading}>
        <h2 style={{ margin: 0 }}>
          <UnstyledButton
            id={`${id}-title`}
            className={classes.unfold}
            aria-expanded={shown}
            aria-controls={`${id}-fields`}
            onClick={() => setOpen(!shown)}
          >
            {shown ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
            Advanced
          </UnstyledButton>
        </h2>
        <Text size="xs" c="dimmed">
          Batches and the age of signatures. What is set fits most jobs.
        </Text>
      </div>
      <Collapse expanded={shown} id={`${id}-fields`} keepMountedMode="display-none">
        <div className={classes.fields}>
          <Batches />
          <Tolerance {...props} />
        </div>
      </Collapse>
    </section>
  );
}

function Batches() {
  const form = useJobFormContext();
  const { batchSize, batchWaitMs } = form.values;
  const right =
    numberProblem(batchSize, LIMITS.batchSize) === null &&
    numberProblem(batchWaitMs, LIMITS.batchWaitMs) === null;
  return (
    <div>
      <div className={classes.pair}>
        <NumberInput
          label="Events in one batch"
          {...LIMITS.batchSize}
          {...whole}
          {...form.getInputProps("batchSize")}
        />
        <NumberInput
          label="Wait for more events"
          suffix=" ms"
          step={100}
          {...LIMITS.batchWaitMs}
          {...whole}
          {...form.getInputProps("batchWaitMs")}
        />
      </div>
      {right && (
        <Text size="xs" c="dimmed" mt={4}>
          {batchSentence(Number(batchSize), Number(batchWaitMs))} Larger batches and longer waits spare the
          destination under load; smaller ones show each event sooner.
        </Text>
      )}
    </div>
  );
}

/** What the two numbers mean together. */
export function batchSentence(size: number, waitMs: number): string {
  if (size === 1) return "Every event is written by itself, as soon as it is received.";
  const most = `Up to ${plural(size, "event")} are written together`;
  return waitMs === 0
    ? `${most}, as soon as there is one.`
    : `${most}; a batch that is not full waits ${formatDuration(waitMs)} for more.`;
}

function Tolerance({ choices }: SectionProps) {
  const form = useJobFormContext();
  const { signatureToleranceSeconds: seconds } = form.values;
  const own = ownTolerance(form.values, choices);
  const isOff = seconds !== "" && Number(seconds) === 0;
  return (
    <>
      <NumberInput
        label="Greatest age of a signature"
        suffix=" s"
        placeholder={own === null ? "no timestamp is signed" : `${own} s (the provider's own)`}
        description={
          own === null
            ? "This provider signs no timestamp, so there is no age to look at."
            : `A request whose signed timestamp is further off is refused, so that one that was overheard cannot be sent again later. Empty: ${formatCount(own)} s, as the provider says.`
        }
        inputWrapperOrder={["label", "input", "description", "error"]}
        {...LIMITS.signatureToleranceSeconds}
        {...whole}
        styles={{ wrapper: { maxWidth: 320 } }}
        {...form.getInputProps("signatureToleranceSeconds")}
      />
      {isOff && own !== null && (
        <div className={classes.warning} role="alert">
          <Status tone="wait">Timestamps are not checked</Status>
          <Text size="sm">
            A request that was overheard can be sent again at any time. Use this only to replay old requests
            by hand.
          </Text>
        </div>
      )}
    </>
  );
}

/** The provider's own tolerance; null where no timestamp is signed. */
function ownTolerance(values: JobValues, choices: SectionProps["choices"]): number | null {
  const kind = chosenKind(values, choices.sources);
  if (kind !== "generic") return providerOf(choices.providers, kind)?.toleranceSeconds ?? null;
  if (values.sourceId !== NEW) {
    const generic = choices.sources.find(({ id }) => id === values.sourceId)?.generic as
      | { toleranceSeconds?: number; timestampHeader?: string; timestampField?: string }
      | null
      | undefined;
    return generic?.timestampHeader || generic?.timestampField ? (generic.toleranceSeconds ?? 300) : null;
  }
  const { generic } = values.source;
  return hasTimestamp(generic)
    ? Number(generic.toleranceSeconds === "" ? 300 : generic.toleranceSeconds)
    : null;
}
