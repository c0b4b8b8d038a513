import { Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import type { EventDetail, HttpAnswer, SyncJob } from "../../api/schema";
import { sentence } from "../../api/sentence";
import { formatDuration, plural } from "../../shared/format/numbers";
import { formatAbsolute, formatClock } from "../../shared/format/times";
import { JsonView } from "../../shared/json/JsonView";
import { useNow } from "../../shared/state/now";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Status } from "../../shared/ui/Status";
import { answerWords, type Step, steps } from "./attempts";
import classes from "./Event.module.css";
import { deliveredWords } from "./facts";
import { HeaderTable } from "./HeadersTab";

export function AttemptsTab({ event, job }: { event: EventDetail; job: SyncJob | undefined }) {
  const all = steps(event, job?.delivery, useNow());
  const lastAnswer = all.findLast(({ answer }) => answer)?.key;
  return (
    <>
      <ol className={classes.timeline} aria-label="What happened to the event">
        {all.map((step) => (
          <TimelineStep key={step.key} step={step} open={step.key === lastAnswer} />
        ))}
      </ol>
      {event.duplicates > 0 && (
        <p className={classes.notes}>
          The provider delivered it {deliveredWords(event.duplicates)}; it counts once.
        </p>
      )}
    </>
  );
}

function TimelineStep({ step, open }: { step: Step; open: boolean }) {
  return (
    <li className={classes.step}>
      <span className={classes.dot}>
        <Status tone={step.tone} compact>
          {step.word}
        </Status>
      </span>
      <div className={classes.stepHead}>
        <Text span size="sm" fw={600}>
          {step.title}
        </Text>
        <Text span size="sm">
          {step.word}
          {step.durationMs !== undefined && ` in ${formatDuration(step.durationMs)}`}
        </Text>
        {step.at && (
          <time className={classes.when} dateTime={step.at} title={formatAbsolute(step.at)}>
            {formatClock(step.at)}
          </time>
        )}
      </div>
      {step.text && (
        <Text
          size="sm"
          c={step.tone === "bad" ? "var(--hl-bad)" : "dimmed"}
          style={{ overflowWrap: "anywhere" }}
        >
          {sentence(step.text)}
        </Text>
      )}
      {step.answer && <Answer answer={step.answer} title={step.title} initiallyOpen={open} />}
    </li>
  );
}

/** What the HTTP destination answered. */
function Answer({
  answer,
  title,
  initiallyOpen,
}: {
  answer: HttpAnswer;
  title: string;
  initiallyOpen: boolean;
}) {
  const [open, setOpen] = useState(initiallyOpen);
  const [showHeaders, setShowHeaders] = useState(false);
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <div className={classes.answer}>
      <div className={classes.answerHead}>
        <UnstyledButton
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          style={{ flex: 1, display: "flex", alignItems: "center", gap: 4 }}
          fz="xs"
        >
          <Chevron size={14} />
          Answer: {answerWords(answer)}
        </UnstyledButton>
        {answer.body && <CopyButton size={20} value={answer.body} what="answer's body" />}
      </div>
      {open && (
        <div className={classes.answerBody}>
          {answer.body ? (
            <JsonView
              text={answer.body}
              label={`Body of the answer to ${title}`}
              maxHeight={240}
              toolbar={false}
            />
          ) : (
            <p className={classes.notes}>The answer had no body.</p>
          )}
          {answer.bodyTruncated && <p className={classes.notes}>Only its first 64 KiB were kept.</p>}
          <UnstyledButton
            aria-expanded={showHeaders}
            onClick={() => setShowHeaders(!showHeaders)}
            fz="xs"
            mt={8}
            style={{ display: "flex", alignItems: "center", gap: 4 }}
          >
            {showHeaders ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
            {plural(answer.headers.length, "header")}
          </UnstyledButton>
          {showHeaders && (
            <HeaderTable headers={answer.headers} label={`Headers of the answer to ${title}`} />
          )}
        </div>
      )}
    </div>
  );
}
