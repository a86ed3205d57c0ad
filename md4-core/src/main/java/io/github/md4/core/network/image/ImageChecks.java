// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.internal.image.UNetKernels;
import io.github.md4.core.token.ImageShape;

/** Checks of the keys that image networks share. */
final class ImageChecks {
  private static final int NARROWEST = 4;
  private static final int WIDEST = 1 << 20;
  private static final int MOST_LAYERS = 10_000; // no network has more: a digit too many

  private ImageChecks() {}

  /** Checks the width of maps that are normalised in groups of channels. */
  static void width(int width) {
    require(
        width >= 1 && width <= WIDEST && width % UNetKernels.GROUPS == 0,
        "width must be a multiple of " + UNetKernels.GROUPS + " up to " + WIDEST,
        width);
  }

  /** Checks the width of embedded tokens and times. */
  static void embedding(int width) {
    require(
        width >= NARROWEST && width <= WIDEST,
        "width must be in [" + NARROWEST + ", " + WIDEST + "]",
        width);
  }

  static void layers(int layers) {
    require(
        layers >= 1 && layers <= MOST_LAYERS, "layers must be in [1, " + MOST_LAYERS + "]", layers);
  }

  static void dropout(double dropout) {
    require(dropout >= 0 && dropout < 1, "dropout must be in [0, 1)", dropout);
  }

  /** Checks that the sides of an image are divisible. */
  static void divides(int divisor, ImageShape image) {
    require(
        image.height() % divisor == 0 && image.width() % divisor == 0,
        "image must have sides that " + divisor + " divides (patch, doubled with every level)",
        image);
  }
}
