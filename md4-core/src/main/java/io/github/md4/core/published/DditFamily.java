// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import io.github.md4.core.diffusion.BlockObjective;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.diffusion.ScoreEntropyObjective;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.ddit.DditConfig;
import io.github.md4.core.schedule.Curve;
import java.util.Set;

/** The families of the DDiT kind. */
sealed interface DditFamily extends PublishedFamily {
  /** GPT-2's end of a text, which all of them use. */
  int END_OF_TEXT = 50_256;

  /** The noise of all of them. */
  Curve NOISE = new Curve.LogLinear(Curve.LogLinear.DEFAULT_EPSILON);

  private static Described described(
      ObjectiveKind objective, DditConfig network, Sizes sizes, String prefix, String... buffers) {
    return new Described(
        new ModelConfig(objective, sizes.length, NOISE, 0, network),
        sizes.vocabulary,
        network.specs(sizes.vocabulary),
        TensorNames.ddit(prefix),
        Set.of(buffers),
        sizes.vocabulary > END_OF_TEXT ? END_OF_TEXT : -1);
  }

  /** N and V. */
  record Sizes(int length, int vocabulary) {}

  /** MDLM (Sahoo et al., 2024). */
  record Mdlm() implements DditFamily {
    @Override
    public String name() {
      return "mdlm";
    }

    @Override
    public String sampler() {
      return "mdlm";
    }

    @Override
    public boolean claims(PublishedConfig config) {
      return config.text("model_type").equals("mdlm");
    }

    @Override
    public Described describe(PublishedConfig config, Surroundings files) {
      TimeFeatures time =
          config.flag("time_conditioning", true) ? TimeFeatures.T : TimeFeatures.NONE;
      return described(
          new Md4Objective.Kind(),
          of(config, time, 0),
          new Sizes(config.whole("model_length"), config.whole("vocab_size") - 1),
          "backbone.",
          "backbone.rotary_emb.inv_freq");
    }

    private static DditConfig of(PublishedConfig config, TimeFeatures time, int blockSize) {
      return new DditConfig(
          config.whole("hidden_dim"),
          config.whole("n_heads"),
          config.whole("n_blocks"),
          config.whole("cond_dim"),
          time,
          blockSize);
    }
  }

  /** BD3-LM (Arriola et al., 2025). */
  record Bd3lm() implements DditFamily {
    @Override
    public String name() {
      return "bd3lm";
    }

    @Override
    public String sampler() {
      return "bd3lm";
    }

    @Override
    public boolean claims(PublishedConfig config) {
      return config.text("model_type").equals("bd3lm");
    }

    @Override
    public Described describe(PublishedConfig config, Surroundings files) {
      config.only("time_conditioning", "false");
      config.only("cross_attn", "true");
      config.only("adaln", "true");
      config.only("causal", "false");
      return described(
          new BlockObjective.Kind(config.whole("block_size")),
          Mdlm.of(config, TimeFeatures.NONE, config.whole("block_size")),
          new Sizes(config.whole("model_length"), config.whole("vocab_size") - 1),
          "backbone.",
          "backbone.rotary_emb.inv_freq",
          "sampling_eps_min",
          "sampling_eps_max");
    }
  }

  /** SEDD with absorbing noise (Lou et al., 2024). */
  record Sedd() implements DditFamily {
    @Override
    public String name() {
      return "sedd";
    }

    @Override
    public String sampler() {
      return "sedd-analytic";
    }

    @Override
    public boolean claims(PublishedConfig config) {
      PublishedConfig model = config.under("model");
      return config.has("tokens") && !Radd.isUntimed(model) && model.has("scale_by_sigma");
    }

    @Override
    public Described describe(PublishedConfig config, Surroundings files) {
      PublishedConfig model = config.under("model");
      config.under("graph").only("type", "absorb");
      config.under("noise").only("type", "loglinear");
      ScoreEntropyObjective.Scale scale =
          model.flag("scale_by_sigma", true)
              ? ScoreEntropyObjective.Scale.BY_SIGMA
              : ScoreEntropyObjective.Scale.NONE;
      ObjectiveKind objective = new ScoreEntropyObjective.Kind(scale);
      return Radd.of(config, objective, model.whole("cond_dim"), TimeFeatures.T);
    }
  }

  /** RADD (Ou et al., 2024). */
  record Radd() implements DditFamily {
    @Override
    public String name() {
      return "radd";
    }

    @Override
    public String sampler() {
      return "radd";
    }

    @Override
    public boolean claims(PublishedConfig config) {
      return config.has("tokens") && isUntimed(config.under("model"));
    }

    private static boolean isUntimed(PublishedConfig model) {
      return model.text("type").equals("ddit_wot");
    }

    @Override
    public Described describe(PublishedConfig config, Surroundings files) {
      return of(config, new Md4Objective.Kind(), 0, TimeFeatures.NONE);
    }

    private static Described of(
        PublishedConfig config, ObjectiveKind objective, int conditionWidth, TimeFeatures time) {
      PublishedConfig model = config.under("model");
      DditConfig network =
          new DditConfig(
              model.whole("hidden_size"),
              model.whole("n_heads"),
              model.whole("n_blocks"),
              conditionWidth,
              time,
              0);
      Sizes sizes = new Sizes(model.whole("length"), config.whole("tokens"));
      return described(objective, network, sizes, "", "rotary_emb.inv_freq");
    }
  }
}
