#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# commit.sh ROOT GIT ARCHIVE OUTPUT: write the commit of a checkout or of an archive of one to a Swift file.
root=$1 git=$2 archive=$3 output=$4
commit=
if [ -e "$root/.git" ]; then
	# Whose repository it is does not matter for reading one name from it.
	commit=$(git -c safe.directory='*' -C "$root" rev-parse HEAD 2>/dev/null)
	# Without Git, or with no more of a repository than an image is built with.
	if [ -z "$commit" ] && [ -r "$git/HEAD" ]; then
		read -r head <"$git/HEAD"
		case $head in
		'ref: '*)
			name=${head#ref: }
			if [ -r "$git/$name" ]; then
				read -r commit <"$git/$name"
			elif [ -r "$git/packed-refs" ]; then
				commit=$(sed -n "s|^\([0-9a-f]*\) $name\$|\1|p" "$git/packed-refs")
			fi
			;;
		*) commit=$head ;;
		esac
	fi
else
	# git archive puts the commit into this file.
	read -r commit <"$archive"
fi
commit=$(printf %.12s "$commit")
case $commit in
'' | *[!0-9a-f]*) commit= ;;
esac
printf '/// The commit that was built, or nothing where there is none.\nlet commitOfBuild = "%s"\n' "$commit" >"$output"
