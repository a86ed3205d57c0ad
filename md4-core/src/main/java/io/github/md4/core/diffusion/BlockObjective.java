// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.schedule.MaskingSchedule;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The bound of block diffusion (BD3-LM, Arriola et al., 2025, Section 3): blocks of B tokens follow
 * each other from left to right, and each is unmasked given the clean blocks before it,
 *
 * <pre>{@code
 * sum over blocks b of E_t (1 / t) sum_{i in b masked} -log mu_i(x before b, z_t of b)[x_i]
 * }</pre>
 *
 * <p>with t uniform in [0.001, 1], as the authors evaluate it, and every position of the block
 * masked with the probability t. Blocks of one token are masked for certain: that is the exact
 * likelihood. The authors compute all blocks in one pass over noisy and clean tokens; here a query
 * is about one block, chosen uniformly, and weighs as many times more as there are blocks. The
 * expectation is the same, and strata of {@code v} are strata of blocks and times.
 *
 * <p>The first token, which begins a text, is given: it is never masked and adds nothing. So the
 * value bounds the likelihood of the others. A network of this kind sees of its own block and those
 * before it, whatever stands behind.
 *
 * @param space V, and the mask
 * @param size B, at least 1
 */
public record BlockObjective(TokenSpace space, int size) implements Objective {
  private static final double LEAST_TIME = 1e-3;

  /**
   * Checks the size.
   *
   * @param space V, and the mask
   * @param size B, at least 1
   * @throws IllegalArgumentException if {@code size} is below 1
   */
  public BlockObjective {
    require(size >= 1, "a block must have at least 1 token", size);
  }

  @Override
  public Query query(int[] x, double v, double[] u) {
    int blocks = (u.length + size - 1) / size;
    int block = Math.min(blocks - 1, (int) (v * blocks));
    double t = size == 1 ? 1 : LEAST_TIME + (1 - LEAST_TIME) * (v * blocks - block);
    int first = block * size;
    int end = Math.min(u.length, first + size);
    int[] positions = IntStream.range(Math.max(1, first), end).filter(n -> u[n] < t).toArray();
    int[] zt = x.clone();
    Arrays.fill(zt, end, zt.length, space.maskToken());
    for (int n : positions) {
      zt[n] = space.maskToken();
    }
    return new Query(zt, t, positions, blocks / t);
  }

  @Override
  public BoundTerms terms(double perToken) {
    return new BoundTerms(perToken, 0, 0);
  }

  @Override
  public String kind() {
    return size == 1 ? "exact, given the first token" : "upper bound, given the first token";
  }

  @Override
  public String toString() {
    return Kind.NAME;
  }

  /**
   * The kind {@code block-diffusion(B)}.
   *
   * @param size B, at least 1
   */
  public record Kind(int size) implements ContinuousTimeKind {
    static final String NAME = "block-diffusion";
    private static final int DEFAULT_SIZE = 4;

    /** Blocks of four tokens. */
    public Kind() {
      this(DEFAULT_SIZE);
    }

    /**
     * Checks the size.
     *
     * @param size B, at least 1
     * @throws IllegalArgumentException if {@code size} is below 1
     */
    public Kind {
      require(size >= 1, "a block must have at least 1 token", size);
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule) {
      return new BlockObjective(space, size);
    }

    /** A network that sees no block after its own has no other order. */
    @Override
    public Optional<Objective> anyOrder(TokenSpace space, MaskingSchedule schedule) {
      return Optional.empty();
    }

    @Override
    public ObjectiveKind with(List<String> arguments) {
      try {
        require(arguments.size() == 1, "one size");
        return new Kind(Integer.parseInt(arguments.get(0)));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "objective must be %s(B), B a whole number from 1 on: %s"
                .formatted(NAME, String.join(", ", arguments)),
            e);
      }
    }

    @Override
    public String toString() {
      return size == DEFAULT_SIZE ? NAME : NAME + "(" + size + ")";
    }
  }
}
