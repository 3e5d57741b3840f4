type Frame = (dt: number) => void;

const frames = new Set<Frame>();
let request = 0;
let before = 0;

/** Above this many strips every second frame is enough: 30 a second still looks smooth. */
const MANY = 8;
let isOdd = false;

function run(now: number): void {
  request = requestAnimationFrame(run);
  isOdd = !isOdd;
  if (frames.size > MANY && isOdd) return;
  const dt = before === 0 ? 0 : now - before;
  before = now;
  for (const frame of frames) frame(dt);
}

/** One animation loop for all strips of the page. @returns takes the frame out again */
export function animate(frame: Frame): () => void {
  frames.add(frame);
  if (frames.size === 1) {
    before = 0;
    request = requestAnimationFrame(run);
  }
  return () => {
    frames.delete(frame);
    if (frames.size === 0) cancelAnimationFrame(request);
  };
}
