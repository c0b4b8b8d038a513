import mark from "../../../../icons/icon.svg";

/** The app's mark: the same drawing that every icon of the app is made from. */
export function Mark({ size = 20 }: { size?: number }) {
  return <img src={mark} width={size} height={size} alt="" draggable={false} />;
}
