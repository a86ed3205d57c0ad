// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Choices;
import io.github.md4.core.Precision;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeSampling;
import io.github.md4.train.optimizer.AdamW;
import io.github.md4.train.optimizer.GradientClip;
import io.github.md4.train.optimizer.LearningRate;
import io.github.md4.train.optimizer.SpikeGuard;

/**
 * How a model is trained (spec, Section 8).
 *
 * @param seed of initial weights, data order, times, masks and dropout
 * @param steps number of updates
 * @param batchSize examples of an update
 * @param microBatch examples the device holds at once; divides {@code batchSize}, of no effect on
 *     the result but for the last bits of its arithmetic
 * @param precision the type of the products
 * @param residual the type of the residual stream where the products are bfloat16
 * @param kernels which code computes it
 * @param recompute what is computed twice to save memory
 * @param timeAxis on which the loss is computed
 * @param timeSampling how the times of a batch are drawn
 * @param samples how often an update masks each example, at the same time each time; a learned
 *     schedule needs two
 * @param learningRate the rate over the run
 * @param optimizer AdamW's numbers
 * @param clip what is done to large gradients
 * @param guard what is done about an update far from those before it
 * @param emaRate the average's memory, {@code e <- e + (1 - emaRate) (p - e)}; 0 keeps none: the
 *     averaged weights are the weights
 * @param powers how learned powers are trained
 * @param warmStart where the network's weights start
 * @param logEvery steps between lines of metrics
 * @param peakFlops what the metrics' share of the device's peak is of
 * @param tf32 whether a GPU may round the factors of float32 products to TensorFloat-32
 */
public record TrainingConfig(
    long seed,
    long steps,
    int batchSize,
    int microBatch,
    Precision precision,
    Precision residual,
    TrainingOptions.Kernels kernels,
    TrainingOptions.Recompute recompute,
    TimeAxis timeAxis,
    TimeSampling timeSampling,
    int samples,
    Rate learningRate,
    AdamW optimizer,
    GradientClip clip,
    SpikeGuard guard,
    double emaRate,
    GenMd4Config powers,
    WarmStart warmStart,
    int logEvery,
    PeakFlops peakFlops,
    boolean tf32) {

  /**
   * The learning rate.
   *
   * @param base the highest
   * @param warmUp updates until it is reached, from 0
   * @param decay what follows
   */
  public record Rate(double base, long warmUp, Decay decay) {
    /** Checks what no decay allows. */
    public Rate {
      require(base >= 0 && Double.isFinite(base), "base must be at least 0 and finite", base);
      require(warmUp >= 0, "warmUp must be at least 0", warmUp);
    }

    /** Returns the paper's rate for text. */
    public static Rate defaults() {
      return new Rate(3e-4, 2000, Decay.COSINE);
    }

    /** Returns the rate over a run of so many updates. */
    public LearningRate over(long steps) {
      return decay.rate(this, steps);
    }
  }

  /** What the learning rate does after its warm-up. */
  public enum Decay {
    /** Falls to 0 along half a cosine. */
    COSINE {
      @Override
      LearningRate rate(Rate rate, long steps) {
        return new LearningRate.WarmUpCosine(rate.base, rate.warmUp, steps);
      }
    },
    /** Stays. */
    CONSTANT {
      @Override
      LearningRate rate(Rate rate, long steps) {
        return new LearningRate.Constant(rate.base, rate.warmUp);
      }
    };

    abstract LearningRate rate(Rate rate, long steps);

    /** Returns the choice written as {@code cosine} or {@code constant}. */
    public static Decay parse(String text) {
      return Choices.parse(values(), "decay", text);
    }

    @Override
    public String toString() {
      return Choices.name(this);
    }
  }

  /** Checks what must hold between them. */
  public TrainingConfig {
    require(steps >= 1, "steps must be at least 1", steps);
    require(batchSize >= 1, "batchSize must be at least 1", batchSize);
    require(
        microBatch >= 1 && batchSize % microBatch == 0,
        "microBatch must divide batchSize (" + batchSize + ")",
        microBatch);
    require(samples >= 1, "samples must be at least 1", samples);
    require(emaRate >= 0 && emaRate < 1, "emaRate must be in [0, 1)", emaRate);
    require(logEvery >= 1, "logEvery must be at least 1", logEvery);
    LearningRate unused = learningRate.over(steps); // which checks the two together
  }

  /** Returns the paper's training of text8, as the reference's configuration has it. */
  public static TrainingConfig defaults() {
    return new TrainingConfig(
        42,
        1_000_000,
        512,
        512,
        Precision.BFLOAT16,
        Precision.FLOAT32,
        TrainingOptions.Kernels.AUTO,
        TrainingOptions.Recompute.NONE,
        new TimeAxis.Continuous(),
        new TimeSampling.Stratified(),
        1,
        Rate.defaults(),
        AdamW.defaults(),
        new GradientClip.None(),
        new SpikeGuard.Off(),
        0.9999,
        GenMd4Config.defaults(),
        new WarmStart.None(),
        500,
        new PeakFlops.Measured(),
        false);
  }

  /** Returns how many sequences the network sees in an update. */
  public int sequences() {
    return batchSize * samples;
  }

  /** Returns what the batches of an update are made of. */
  public Batches.Shape shape() {
    return new Batches.Shape(batchSize, microBatch, samples, timeSampling);
  }

  /** Returns how the network computes. */
  TrainingOptions options() {
    return new TrainingOptions(kernels, residual, recompute);
  }
}
