/**
 * The look: one family, four sizes, a 4 px grid, one accent and four status colours.
 *
 * The accent is the sea between the mark's navy and its teal. Contrast of every pair used for text is AA in both themes;
 * the browser tests check it.
 */
import { type CSSVariablesResolver, createTheme, Input, type MantineColorsTuple } from "@mantine/core";

const sea: MantineColorsTuple = [
  "#e8f6f8",
  "#d3ebef",
  "#a6d6df",
  "#74c0ce",
  "#4badbf",
  "#2b9bb0",
  "#118aa1",
  "#0a7488",
  "#075f70",
  "#044a58",
];

/** Dark surfaces with a breath of the mark's navy, from text (0) to the deepest ground (9). */
const dark: MantineColorsTuple = [
  "#d5dbe1",
  "#b9c2cb",
  "#97a3af",
  "#6c7a88",
  "#3b4754",
  "#2c3641",
  "#202932",
  "#182028",
  "#131a21",
  "#0e141a",
];

const gray: MantineColorsTuple = [
  "#f7f9fa",
  "#eff2f4",
  "#e3e8ec",
  "#d3dae0",
  "#b8c2cb",
  "#93a0ac",
  "#5d6b78",
  "#44515d",
  "#2d3741",
  "#182028",
];

/** The colours of failures, waiting and success where a library asks for a palette: shade 7 carries white text. */
const red: MantineColorsTuple = [
  "#fff1ef",
  "#ffdeda",
  "#ffbab3",
  "#ff8a7d",
  "#f2695a",
  "#dd4b3b",
  "#c93426",
  "#b42318",
  "#97190f",
  "#7a120a",
];

const yellow: MantineColorsTuple = [
  "#fff8e6",
  "#ffedc2",
  "#fadb8c",
  "#eec053",
  "#e0a62b",
  "#c48811",
  "#a46e04",
  "#8a5a00",
  "#714900",
  "#583900",
];

const green: MantineColorsTuple = [
  "#eafaee",
  "#d0f2d8",
  "#a3e4b3",
  "#71d38a",
  "#4ac26b",
  "#2fa34f",
  "#218f41",
  "#1a7f37",
  "#12662a",
  "#0b4e1e",
];

/** A dialog's header is a `header` element outside of `main`, which would be taken for the page's banner. */
const NO_BANNER = { role: "presentation" };

export const theme = createTheme({
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "13px", lg: "15px", xl: "20px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.45", lg: "1.4", xl: "1.3" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "20px", lineHeight: "1.3" },
      h2: { fontSize: "15px", lineHeight: "1.4" },
      h3: { fontSize: "13px", lineHeight: "1.45" },
    },
  },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "3px", sm: "4px", md: "6px", lg: "6px", xl: "6px" },
  defaultRadius: "md",
  // So that `shadow="none"` means none: what Mantine does not know by name it takes for a name.
  shadows: { none: "none" },
  colors: { sea, dark, gray, red, yellow, green },
  primaryColor: "sea",
  primaryShade: { light: 7, dark: 7 },
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Button: { defaultProps: { size: "xs" } },
    ActionIcon: { defaultProps: { size: 28, variant: "subtle", color: "gray" } },
    TextInput: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    Select: { defaultProps: { size: "xs", checkIconPosition: "right" } },
    MultiSelect: { defaultProps: { size: "xs" } },
    SegmentedControl: { defaultProps: { size: "xs" } },
    Switch: { defaultProps: { size: "sm" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Tooltip: {
      defaultProps: { openDelay: 400, withArrow: false, fz: 12, transitionProps: { duration: 80 } },
    },
    // The first item is focused: its placeholder would be an element that can be reached and has no name.
    Menu: {
      defaultProps: { shadow: "none", transitionProps: { duration: 80 }, withInitialFocusPlaceholder: false },
    },
    Modal: {
      defaultProps: {
        shadow: "none",
        transitionProps: { duration: 100 },
        centered: true,
        closeButtonProps: { "aria-label": "Close" },
        attributes: { header: NO_BANNER },
      },
    },
    Drawer: {
      defaultProps: {
        shadow: "none",
        transitionProps: { duration: 100 },
        closeButtonProps: { "aria-label": "Close" },
        attributes: { header: NO_BANNER },
      },
    },
    // Their smallest sizes are below the type scale.
    InputWrapper: Input.Wrapper.extend({
      vars: () => ({
        label: {},
        description: { "--input-description-size": "12px" },
        error: { "--input-error-size": "12px" },
        success: { "--input-success-size": "12px" },
      }),
    }),
    Popover: { defaultProps: { shadow: "none", transitionProps: { duration: 80 } } },
    Paper: { defaultProps: { shadow: "none", withBorder: true } },
    Card: { defaultProps: { shadow: "none", withBorder: true, padding: "md" } },
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: "sm", fz: "sm" } },
  },
});

/** Variables of our own, beside Mantine's: surfaces and the four status colours. */
export const variables: CSSVariablesResolver = () => ({
  variables: {
    "--hl-row": "28px",
    "--hl-motion": "100ms",
  },
  light: {
    "--mantine-color-body": "#ffffff",
    "--mantine-color-text": "#182028",
    "--mantine-color-dimmed": "#56636f",
    "--mantine-color-placeholder": "#66737f",
    "--mantine-color-error": "#b42318",
    "--mantine-color-anchor": "#075f70",
    "--mantine-color-default-border": "#d3dae0",
    "--hl-surface": "#f7f9fa",
    "--hl-surface-hover": "#eff2f4",
    "--hl-selected": "#dff1f4",
    "--hl-border": "#e0e5e9",
    "--hl-ok": "#187533",
    "--hl-wait": "#8a5a00",
    "--hl-bad": "#b42318",
    "--hl-idle": "#56636f",
    "--hl-accent": "#075f70",
    "--hl-changed": "#fff3d1",
  },
  dark: {
    "--mantine-color-body": "#131a21",
    "--mantine-color-text": "#d5dbe1",
    "--mantine-color-dimmed": "#97a3af",
    "--mantine-color-placeholder": "#8c99a5",
    "--mantine-color-error": "#ff8a7d",
    "--mantine-color-anchor": "#74c0ce",
    "--mantine-color-default-border": "#2c3641",
    "--hl-surface": "#182028",
    "--hl-surface-hover": "#202932",
    "--hl-selected": "#123841",
    "--hl-border": "#27313b",
    "--hl-ok": "#4ac26b",
    "--hl-wait": "#e0a62b",
    "--hl-bad": "#ff8a7d",
    "--hl-idle": "#97a3af",
    "--hl-accent": "#74c0ce",
    "--hl-changed": "#3d3213",
  },
});
