/** What every painted canvas needs: device pixels, and the colours of the style sheet. */

/** Resize the canvas to the device pixels it covers and return a cleared context in CSS pixels. */
export function prepare(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** A function that reads a custom property (`--name`) of the style sheet. */
export function colours(canvas) {
  const style = window.getComputedStyle(canvas);
  return (name) => style.getPropertyValue(name).trim();
}
