// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.stream.IntStream;

/** A kernel of {@link HopperConvolutions}, as it is compiled. */
sealed interface ConvolutionKernel {
  /** The side of a tile in pixels, and the channels that lie next to each other in a plane. */
  int SIDE = 8;

  /** The channels of a tile at least, and of a chunk. */
  int CHANNELS = 64;

  /** Channels of a product. */
  int STEP = 16;

  int PLACES = 9;

  /** The threads of a block that multiply. */
  int THREADS = 256;

  /** The name of its text and the constants that it is compiled with. */
  String file();

  Map<String, Integer> constants();

  /** Its name in that text. */
  String name();

  /** The channels of a tile of results, by which filters are laid out. */
  int columns();

  /** The threads of a block. */
  int threads();

  long blocks(Shape out);

  /**
   * Returns the shared memory of a block.
   *
   * @param channels of the input
   * @param ofBase of maps that are multiplied by weights
   */
  int sharedBytes(int channels, int ofBase);

  /**
   * Returns the kernel for a result: that of few images, if its tiles are at most {@link
   * Few#TILES_EACH} for each multiprocessor.
   *
   * @param unit the channels of a unit of the result's moments as a power of 2
   * @param summed the channels of the input, and those of maps that are multiplied by weights
   */
  static ConvolutionKernel of(Shape out, int unit, int[] summed, int multiprocessors) {
    int tiles = tiles(out, SIDE) * divided(out.get(1), CHANNELS);
    return tiles <= Few.TILES_EACH * multiprocessors
        ? Few.of(tiles, summed, multiprocessors)
        : Many.of(out, unit, multiprocessors);
  }

  /** Returns the number of tiles of all images. */
  static int tiles(Shape map, int height) {
    return Math.toIntExact(map.get(0) * divided(map.get(2), height) * divided(map.get(3), SIDE));
  }

  private static int divided(long count, int by) {
    return (int) ((count + by - 1) / by);
  }

  /**
   * That of few images.
   *
   * @param parts of a sum, each added up by a block
   */
  record Few(int parts) implements ConvolutionKernel {
    private static final int[] PARTS = {8, 4, 2};
    private static final int LEAST_PARTS = 2;

    /** With more tiles for a multiprocessor the other kernel is faster. */
    private static final double TILES_EACH = 1.5;

    private static final int STEP_BYTES = 2048;
    private static final int PLANE_BYTES = 16 * 101;
    private static final int PLAIN_PLANE_BYTES = 16 * 65;
    private static final int SUM_BYTES = 1 << 14;

    /** Returns it with more parts while multiprocessors are idle. */
    static Few of(int tiles, int[] summed, int multiprocessors) {
      int parts =
          IntStream.of(PARTS)
              .filter(each -> each * tiles <= multiprocessors)
              .filter(each -> IntStream.of(summed).allMatch(sum -> sum % (each * STEP) == 0))
              .findFirst()
              .orElse(LEAST_PARTS);
      return new Few(parts);
    }

    @Override
    public String file() {
      return "convolve-few.cu";
    }

    @Override
    public Map<String, Integer> constants() {
      return Map.of("PARTS", parts);
    }

    @Override
    public String name() {
      return "convolveFew";
    }

    @Override
    public int columns() {
      return CHANNELS;
    }

    @Override
    public int threads() {
      return THREADS;
    }

    @Override
    public long blocks(Shape out) {
      return (long) parts * tiles(out, SIDE) * divided(out.get(1), CHANNELS);
    }

    @Override
    public int sharedBytes(int channels, int ofBase) {
      int share = channels / parts;
      int ofProduct = ofBase / parts;
      return (PLACES * share + ofProduct) / STEP * STEP_BYTES
          + share / SIDE * PLANE_BYTES
          + ofProduct / SIDE * PLAIN_PLANE_BYTES
          + SUM_BYTES;
    }
  }

  /** That of many images. */
  record Many(int columns, int unit) implements ConvolutionKernel {
    static final int WIDE = 128;
    private static final int HEIGHT = 16;
    private static final int BUFFER_BYTES = CHANNELS / SIDE * 16 * 181;

    /** Products whose filters are in shared memory, in a ring. */
    private static final int AHEAD = 16;

    /** Returns it with narrow tiles while wide ones would leave multiprocessors idle. */
    static Many of(Shape out, int unit, int multiprocessors) {
      Many wide = new Many(WIDE, unit);
      boolean isWide = out.get(1) % WIDE == 0 && wide.blocks(out) > multiprocessors;
      return isWide ? wide : new Many(CHANNELS, unit);
    }

    @Override
    public String file() {
      return "convolve-many.cu";
    }

    @Override
    public Map<String, Integer> constants() {
      return Map.of("COLUMNS", columns, "UNIT", unit);
    }

    @Override
    public String name() {
      return "convolveMany";
    }

    @Override
    public int threads() {
      return THREADS + (columns < WIDE ? 128 : 64); // those that normalise
    }

    @Override
    public long blocks(Shape out) {
      return (long) tiles(out, HEIGHT) * divided(out.get(1), columns);
    }

    @Override
    public int sharedBytes(int channels, int ofBase) {
      int affine = 2 * Float.BYTES * channels;
      int buffers = columns < WIDE ? 3 : 2;
      return affine + buffers * BUFFER_BYTES + AHEAD * STEP * Short.BYTES * columns;
    }
  }
}
