/**
 * Lets everything that flashes flash together: each animation is moved to the same beginning, so that a ward with
 * five alarms blinks once and not five times.
 */
export function alignFlashes(document: Document): void {
  document.addEventListener("animationstart", (event) => {
    if (!event.animationName.startsWith("flash-") || !(event.target instanceof Element)) return;
    for (const animation of event.target.getAnimations()) animation.startTime = 0;
  });
}
