// SPDX-License-Identifier: Apache-2.0
/** One sequence on its way: what it begins as, its steps, and the sample it ends as. */
package io.github.md4.sample.trajectory;
