// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.law;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Choices;
import io.github.md4.sample.internal.text.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The law from which the token of a revealed position is drawn: the network's, or a sharper one
 * made of it. The times of reveals do not depend on it (docs/sampling.md). Immutable where its
 * truncations are.
 *
 * @param temperature the divisor of the logits, at least 0 and finite; 0 takes the likeliest token
 * @param truncations the cuts in order; each cuts the tokens that the one before it has left
 */
public record TokenLaw(double temperature, List<Truncation> truncations) {
  /** The network's law itself. */
  public static final TokenLaw MODEL = new TokenLaw(1, List.of());

  /**
   * Checks the temperature.
   *
   * @param temperature the divisor of the logits, at least 0 and finite; 0 takes the likeliest
   *     token
   * @param truncations the cuts in order; each cuts the tokens that the one before it has left
   * @throws IllegalArgumentException if {@code temperature} is out of its range
   * @throws NullPointerException if a truncation is null
   */
  public TokenLaw {
    require(
        temperature >= 0 && temperature < Double.POSITIVE_INFINITY,
        "temperature must be at least 0",
        temperature);
    truncations = List.copyOf(truncations);
  }

  /**
   * {@return the network's law cut by one truncation}
   *
   * @param truncation the rule that keeps a part of the law: top-k, top-p, or a kind on the class
   *     path
   */
  public static TokenLaw of(Truncation truncation) {
    return new TokenLaw(1, List.of(truncation));
  }

  /** {@return whether this is the network's law itself} */
  public boolean isModel() {
    return equals(MODEL);
  }

  /** The choice of the tokens that are possible; safe for several threads. */
  public interface Truncation {

    /**
     * {@return the truncation of a text: {@code top-p(P)}, {@code top-k(K)}, or of a {@link
     * TruncationKind} on the class path}
     *
     * @param text the text, as the command line and JSON hold it
     * @throws IllegalArgumentException if the text is none of these
     */
    static Truncation parse(String text) {
      Call call = Call.parse(text);
      return switch (call.name()) {
        case TopP.NAME -> TopP.of(call);
        case TopK.NAME -> TopK.of(call);
        default -> offered(call, text);
      };
    }

    private static Truncation offered(Call call, String text) {
      List<String> names = new ArrayList<>(List.of(TopP.NAME, TopK.NAME));
      for (TruncationKind kind : TruncationKind.all()) {
        if (kind.name().equals(call.name())) {
          return kind.of(call.arguments());
        }
        names.add(kind.name());
      }
      throw Choices.refusal("truncation", names, text);
    }

    /** {@return the text from which {@link #parse} makes this truncation} */
    String text();

    /**
     * Returns logits with minus infinity for every token that is cut.
     *
     * @param cuts the cuts of this library, to build on; another truncation may do without
     * @param scope the owner of the result, closed after the draw
     * @param logits float32 [R, V]; not to be changed
     * @return float32 [R, V], finite for one token of each row at least
     */
    NDArray cut(LogitCuts cuts, NDManager scope, NDArray logits);

    /**
     * {@return what {@link #cut} leaves, where that is the likeliest tokens up to a bound, which is
     * then drawn from without it; empty, unless overridden}
     */
    default Optional<Kept> kept() {
      return Optional.empty();
    }
  }

  /**
   * The likeliest tokens of a law, with all that tie with the last of them: so many, or else as
   * many as have a mass.
   *
   * @param most the number of tokens, at least 1; 0 where the mass is their bound
   * @param mass the mass that they have at least, in (0, 1]; 1 where their number is the bound
   */
  public record Kept(int most, double mass) {
    /**
     * Checks that there is one bound.
     *
     * @param most the number of tokens, at least 1; 0 where the mass is their bound
     * @param mass the mass that they have at least, in (0, 1]; 1 where their number is the bound
     * @throws IllegalArgumentException if a bound is out of its range, or there are two
     */
    public Kept {
      require(most >= 0, "most must be at least 0", most);
      require(mass > 0 && mass <= 1, "mass must be in (0, 1]", mass);
      require(most == 0 || mass == 1, "with a number of tokens, mass must be 1", mass);
    }
  }

  /**
   * The smallest set of the likeliest tokens with a mass of at least {@code p} (nucleus sampling,
   * arXiv 1904.09751, Section 3.1). The token that crosses p stays, and so do all that tie with it,
   * as in the reference.
   *
   * @param p the mass of the tokens kept, in (0, 1]
   */
  public record TopP(double p) implements Truncation {
    private static final String NAME = "top-p";

    private static TopP of(Call call) {
      call.checkArguments("P");
      return new TopP(call.number(0));
    }

    @Override
    public String text() {
      return Call.text(NAME, p);
    }

    /**
     * Checks the mass.
     *
     * @param p the mass of the tokens kept, in (0, 1]
     * @throws IllegalArgumentException if it is out of this range
     */
    public TopP {
      require(p > 0 && p <= 1, "p must be in (0, 1]", p);
    }

    @Override
    public NDArray cut(LogitCuts cuts, NDManager scope, NDArray logits) {
      return cuts.topP(scope, logits, p);
    }

    @Override
    public Optional<Kept> kept() {
      return Optional.of(new Kept(0, p));
    }
  }

  /**
   * The {@code k} likeliest tokens, with all that tie with the last (arXiv 1805.04833, Section
   * 5.4).
   *
   * @param k the number of tokens kept, at least 1
   */
  public record TopK(int k) implements Truncation {
    private static final String NAME = "top-k";

    private static TopK of(Call call) {
      call.checkArguments("K");
      return new TopK(call.whole(0));
    }

    @Override
    public String text() {
      return Call.text(NAME, k);
    }

    /**
     * Checks the number of tokens.
     *
     * @param k the number of tokens kept, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public TopK {
      require(k >= 1, "k must be at least 1", k);
    }

    @Override
    public NDArray cut(LogitCuts cuts, NDManager scope, NDArray logits) {
      return cuts.topK(scope, logits, k);
    }

    @Override
    public Optional<Kept> kept() {
      return Optional.of(new Kept(k, 1));
    }
  }
}
