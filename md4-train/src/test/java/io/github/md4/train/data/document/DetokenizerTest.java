// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Each rule of each corpus at least once, by hand; {@code _} is a blank, {@code \n} a line end. */
@Tag("exact")
final class DetokenizerTest {
  private static String plain(String text) {
    return text.replace("\\n", "\n").replace('_', ' ');
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "the_dogs_'_tails_here | the_dogs'_tails_here",
        "well_@-@_known_1_@,@_000_3_@.@_5 | well-known_1,000_3.5",
        "a_:_b_;_c_._d_!_e_?_f_,_g | a:_b;_c._d!_e?_f,_g",
        "(_a_)_[_b_]_{_c_} | (a)_[b]_{c}",
        "say_\"_yes_\"_now | say_\"yes\"_now",
        "say_'_yes_'_now | say_'yes'_now",
        "_=_Title_=_\\n | _=_Title_=\\n",
        "_=_=_Part_=_=_\\n | _==_Part_==\\n",
        "=_=_=_=_x | ====_x",
        "=_=_=_x | ===_x",
        "40_\u00B0_N | 40\u00B0N",
        "a_\\n_b | a\\nb",
        "of_N_men | of_1_men",
        "the_cat_'s_tail | the_cat's_tail",
        "in_'_90 | in_'_90",
      })
  void wikitext_isAsSeddHasIt(String given, String expected) {
    assertThat(Detokenizer.WIKITEXT.apply(plain(given))).isEqualTo(plain(expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "the_cat_'s_tail | the_cat's_tail",
        "traders_'_fears | traders'_fears",
        "did_n't_go | didn't_go",
        "a_\\n_b | a\\nb",
        "1\\/2 | 1/2",
        "about_N_N_N_percent | about_1_1_1_percent",
        "rose_$_N_or_#_N_now | rose_$1_or_#1_now",
        "<unk>_said | ?_said",
      })
  void ptb_isAsSeddHasIt(String given, String expected) {
    assertThat(Detokenizer.PTB.apply(plain(given))).isEqualTo(plain(expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "see_http_:_/_/_x_and_https_:_/_/_y | see_http://x_and_https://y",
        "the_cat_'s_tail | the_cat's_tail",
        "it_is_so_._Then_not_. | it_is_so._Then_not.",
        "who_?_me_? | who?_me?",
        "oh_!_no_! | oh!_no!",
        "a_,_b_:_c_;_d_/_e | a,_b:_c;_d/e",
        "say_\"_yes_\"_now | say_\"yes\"_now",
        "(_a_b_)_[_c_] | (a_b)_[c]",
        "for_$_5_or_\u00A3_6 | for_$5_or_\u00A36",
      })
  void oneBillionWords_areAsSeddHasThem(String given, String expected) {
    assertThat(Detokenizer.ONE_BILLION_WORDS.apply(plain(given))).isEqualTo(plain(expected));
  }

  @Test
  void lambada_isOnItsOwnLine() {
    assertThat(Detokenizer.LAMBADA.apply("  \u201CYes,\u201D she said.\n"))
        .isEqualTo("\n\"Yes,\" she said.");
  }

  @Test
  void none_changesNothing() {
    assertThat(Detokenizer.NONE.apply(" a , b ")).isEqualTo(" a , b ");
  }

  @ParameterizedTest
  @EnumSource
  void parse_undoesToString(Detokenizer detokenizer) {
    assertThat(Detokenizer.parse(detokenizer.toString())).isEqualTo(detokenizer);
    assertThatIllegalArgumentException().isThrownBy(() -> Detokenizer.parse("brown"));
  }
}
