// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import ai.djl.Device;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.GenMd4Objective;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.GenMd4Schedule;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.trajectory.NoDistributionException;
import java.util.Objects;

/** The parts of a model, from a folder or from a program. */
interface ModelContent extends AutoCloseable {
  /** The length of a model that takes any. */
  int ANY_LENGTH = Integer.MAX_VALUE;

  Denoiser denoiser();

  Schedule schedule();

  Tokenizer tokenizer();

  /** Returns the number of tokens of a sequence, or {@link #ANY_LENGTH}. */
  int length();

  /** Returns the way in which its sequences come about. */
  Generation generation();

  /** Returns the bound by which texts are scored. */
  Objective objective();

  /** Returns the failure of a network without a distribution, which names its folder. */
  RuntimeException damage(NoDistributionException e);

  /** Returns a failure as a user is told it. */
  default RuntimeException told(RuntimeException e) {
    return e instanceof NoDistributionException none ? damage(none) : e;
  }

  /** Returns what the folder says of it, or else throws an IllegalStateException. */
  SavedModel.Description description();

  /** Returns the network as the model's thread calls it. */
  default ServedNetwork served(Device device) {
    return ServedNetwork.ofProgram(denoiser(), length(), tokenizer().vocabularySize());
  }

  @Override
  void close();

  /** The model of a folder. */
  record FromFolder(SavedModel model) implements ModelContent {
    @Override
    public Denoiser denoiser() {
      return model.denoiser();
    }

    @Override
    public ServedNetwork served(Device device) {
      return ServedNetwork.ofFolder(denoiser(), length(), device);
    }

    @Override
    public Schedule schedule() {
      return model.schedule();
    }

    @Override
    public Tokenizer tokenizer() {
      return description().tokenizer();
    }

    @Override
    public int length() {
      return description().config().length();
    }

    @Override
    public Generation generation() {
      return description().config().objective().generation();
    }

    @Override
    public Objective objective() {
      return model.objective(new TimeAxis.Continuous(), TimeFloor.REFERENCE);
    }

    @Override
    public RuntimeException damage(NoDistributionException e) {
      return new InvalidDataException(model.folder(), e.getMessage(), e);
    }

    @Override
    public SavedModel.Description description() {
      return model.description();
    }

    @Override
    public void close() {
      model.close();
    }
  }

  /** A model put together by a program. */
  record OfParts(Denoiser denoiser, Schedule schedule, Tokenizer tokenizer, int length)
      implements ModelContent {

    /** Checks that all are there. */
    public OfParts {
      Objects.requireNonNull(denoiser, "denoiser");
      Objects.requireNonNull(schedule, "schedule");
      Objects.requireNonNull(tokenizer, "tokenizer");
      require(length >= 1, "length must be at least 1", length);
      int size = tokenizer.vocabularySize();
      int powers = schedule.match(shared -> size, GenMd4Schedule::vocabularySize);
      require(
          powers == size,
          "the schedule must have a power for each of the tokenizer's " + Counted.of(size, "token"),
          powers);
    }

    @Override
    public Generation generation() {
      return new Generation.Unmasking();
    }

    @Override
    public Objective objective() {
      TokenSpace space = new TokenSpace(tokenizer.vocabularySize());
      return schedule.match(
          shared -> new Md4Objective(space, shared, new TimeAxis.Continuous()),
          perToken -> new GenMd4Objective(perToken, TimeFloor.REFERENCE));
    }

    @Override
    public RuntimeException damage(NoDistributionException e) {
      return new IllegalStateException(e.getMessage(), e);
    }

    @Override
    public SavedModel.Description description() {
      throw new IllegalStateException("this model is of no folder");
    }

    @Override
    public void close() {}
  }
}
