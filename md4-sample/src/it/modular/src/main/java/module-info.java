// SPDX-License-Identifier: Apache-2.0
module consumer {
  requires io.github.md4.sample;
}
