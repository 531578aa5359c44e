"""The benchmark: the product against the physical limit and a rival, in one run. ``make bench`` prints it.

``data`` loads one large company and many small ones; ``works`` says what is asked; ``bare`` is the limit, with the SQL of
``statements``; ``rival`` is what PostGraphile is asked, which ``npm`` installs; ``checks`` compares answers and rows before anything
is timed; ``load`` runs wrk; ``rounds`` measures, ``report`` prints, ``run`` puts it together; ``profile`` shows where the time goes.
Figures on a shared machine are noisy: shares of interleaved rounds count, absolute numbers do not.
"""
