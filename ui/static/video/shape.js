/** The shape of a video's picture. Pure functions. */

/**
 * Width to height of the picture as it is shown. `width` and `height` are those of the upright picture, in pixels
 * that need not be squares. Null where the size is not known, or there is no picture.
 */
export function aspectRatio(media) {
  if (!media?.width || !media.height) return null;
  const [wide, high] = (media.pixel_aspect ?? "1:1").split(":").map(Number);
  return (media.width * wide) / (media.height * high);
}
