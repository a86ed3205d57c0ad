// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.image.ConditionConfig;
import io.github.md4.core.network.image.UNetConfig;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.PixelValues;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A real model of images of two pixels and three classes, which knows nothing. */
public final class TinyImages {
  private static final int CLASSES = 3;

  private TinyImages() {}

  /** Writes a finished model of random weights, with the names of its classes if there are any. */
  public static Path write(Path folder, Optional<ClassNames> names) throws IOException {
    ImageShape shape = new ImageShape(1, 2, 1);
    ConditionConfig condition = new ConditionConfig(TimeFeatures.T, CLASSES, 0);
    ModelConfig config =
        new ModelConfig(
            shape.size(),
            new Curve.Linear(),
            MaskingSchedule.DEFAULT_EPSILON,
            new UNetConfig(shape, 32, 1, condition, 0));
    SavedModel.Description description =
        new SavedModel.Description(config, new PixelValues(shape), names);
    Files.createDirectories(folder);
    description.write(folder);
    try (NDManager manager = NDManager.newBaseManager();
        Network network = description.network(manager, Precision.FLOAT32);
        Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(3))) {
      SavedModel.writeWeights(folder, parameters);
    }
    return folder;
  }
}
