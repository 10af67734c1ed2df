	.text
	{ ldisp %ctpr2, 1f
	  disp %ctpr1, 2f }
	{ bap }
2:	{ loop_mode
	  alc alcf=1, alct=1
	  abn abnf=1, abnt=1
	  movad,0 area=0, ind=0, am=1, be=0, %b[0]
	  ct %ctpr1 ? #NOT_LOOP_END }
1:	fapb ct=1, dcd=0, fmt=4, mrng=8, d=0, incr=0, ind=0, asz=1, abs=0, disp=0
#include "fuzz.S"
