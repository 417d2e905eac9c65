/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/* How even shares are, for tests here and in the rig. */
#ifndef VPIO_TESTS_JAIN_H
#define VPIO_TESTS_JAIN_H

/*
 * The index of Jain, Chiu and Hawe (1984), (sum x)^2 / (n * sum x^2): 1 if all shares are equal,
 * 1 / their number if one has all, 0 of none.
 */
static inline double jain(const double *shares, unsigned int count)
{
	double sum = 0, squares = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		sum += shares[i];
		squares += shares[i] * shares[i];
	}
	return squares > 0 ? sum * sum / (count * squares) : 0;
}

#endif /* VPIO_TESTS_JAIN_H */
