// SPDX-License-Identifier: Apache-2.0
/** The files of a data set's splits: how they are written and checked; not part of the API. */
package io.github.md4.train.internal.data;
