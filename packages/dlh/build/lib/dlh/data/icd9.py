"""Titles of the three-digit ICD-9-CM categories that the cohort uses (a public-domain US classification)."""

_TABLE = """
003 Other salmonella infections
005 Other food poisoning (bacterial)
008 Intestinal infections due to other organisms
009 Ill-defined intestinal infections
010 Primary tuberculous infection
011 Pulmonary tuberculosis
018 Miliary tuberculosis
027 Other zoonotic bacterial diseases
031 Diseases due to other mycobacteria
033 Whooping cough
034 Streptococcal sore throat and scarlet fever
035 Erysipelas
036 Meningococcal infection
038 Septicemia
039 Actinomycotic infections
040 Other bacterial diseases
041 Bacterial infection in conditions classified elsewhere and of unspecified site
042 Human immunodeficiency virus [HIV] disease
046 Slow virus infections and prion diseases of central nervous system
047 Meningitis due to enterovirus
049 Other non-arthropod-borne viral diseases of central nervous system
052 Chickenpox
053 Herpes zoster
054 Herpes simplex
057 Other viral exanthemata
062 Mosquito-borne viral encephalitis
066 Other arthropod-borne viral diseases
070 Viral hepatitis
075 Infectious mononucleosis
078 Other diseases due to viruses and chlamydiae
079 Viral and chlamydial infection in conditions classified elsewhere and of unspecified site
082 Tick-borne rickettsioses
084 Malaria
088 Other arthropod-borne diseases
091 Early syphilis, symptomatic
094 Neurosyphilis
097 Other and unspecified syphilis
099 Other venereal diseases
110 Dermatophytosis
111 Dermatomycosis, other and unspecified
112 Candidiasis
114 Coccidioidomycosis
115 Histoplasmosis
117 Other mycoses
118 Opportunistic mycoses
123 Other cestode infection
127 Other intestinal helminthiases
130 Toxoplasmosis
131 Trichomoniasis
133 Acariasis
135 Sarcoidosis
136 Other and unspecified infectious and parasitic diseases
137 Late effects of tuberculosis
138 Late effects of acute poliomyelitis
139 Late effects of other infectious and parasitic diseases
141 Malignant neoplasm of tongue
142 Malignant neoplasm of major salivary glands
145 Malignant neoplasm of other and unspecified parts of mouth
146 Malignant neoplasm of oropharynx
147 Malignant neoplasm of nasopharynx
148 Malignant neoplasm of hypopharynx
150 Malignant neoplasm of esophagus
151 Malignant neoplasm of stomach
152 Malignant neoplasm of small intestine, including duodenum
153 Malignant neoplasm of colon
154 Malignant neoplasm of rectum, rectosigmoid junction, and anus
155 Malignant neoplasm of liver and intrahepatic bile ducts
156 Malignant neoplasm of gallbladder and extrahepatic bile ducts
157 Malignant neoplasm of pancreas
158 Malignant neoplasm of retroperitoneum and peritoneum
160 Malignant neoplasm of nasal cavities, middle ear, and accessory sinuses
161 Malignant neoplasm of larynx
162 Malignant neoplasm of trachea, bronchus, and lung
163 Malignant neoplasm of pleura
164 Malignant neoplasm of thymus, heart, and mediastinum
170 Malignant neoplasm of bone and articular cartilage
171 Malignant neoplasm of connective and other soft tissue
172 Malignant melanoma of skin
173 Other malignant neoplasm of skin
174 Malignant neoplasm of female breast
176 Kaposi's sarcoma
179 Malignant neoplasm of uterus, part unspecified
180 Malignant neoplasm of cervix uteri
182 Malignant neoplasm of body of uterus
183 Malignant neoplasm of ovary and other uterine adnexa
184 Malignant neoplasm of other and unspecified female genital organs
185 Malignant neoplasm of prostate
186 Malignant neoplasm of testis
187 Malignant neoplasm of penis and other male genital organs
188 Malignant neoplasm of bladder
189 Malignant neoplasm of kidney and other and unspecified urinary organs
190 Malignant neoplasm of eye
191 Malignant neoplasm of brain
192 Malignant neoplasm of other and unspecified parts of nervous system
193 Malignant neoplasm of thyroid gland
194 Malignant neoplasm of other endocrine glands and related structures
195 Malignant neoplasm of other and ill-defined sites
196 Secondary and unspecified malignant neoplasm of lymph nodes
197 Secondary malignant neoplasm of respiratory and digestive systems
198 Secondary malignant neoplasm of other specified sites
199 Malignant neoplasm without specification of site
200 Lymphosarcoma and reticulosarcoma and other specified malignant tumors of lymphatic tissue
201 Hodgkin's disease
202 Other malignant neoplasms of lymphoid and histiocytic tissue
203 Multiple myeloma and immunoproliferative neoplasms
204 Lymphoid leukemia
205 Myeloid leukemia
206 Monocytic leukemia
207 Other specified leukemia
208 Leukemia of unspecified cell type
209 Neuroendocrine tumors
210 Benign neoplasm of lip, oral cavity, and pharynx
211 Benign neoplasm of other parts of digestive system
212 Benign neoplasm of respiratory and intrathoracic organs
213 Benign neoplasm of bone and articular cartilage
214 Lipoma
215 Other benign neoplasm of connective and other soft tissue
216 Benign neoplasm of skin
217 Benign neoplasm of breast
218 Uterine leiomyoma
219 Other benign neoplasm of uterus
220 Benign neoplasm of ovary
223 Benign neoplasm of kidney and other urinary organs
225 Benign neoplasm of brain and other parts of nervous system
226 Benign neoplasm of thyroid gland
227 Benign neoplasm of other endocrine glands and related structures
228 Hemangioma and lymphangioma, any site
229 Benign neoplasm of other and unspecified sites
230 Carcinoma in situ of digestive organs
233 Carcinoma in situ of breast and genitourinary system
235 Neoplasm of uncertain behavior of digestive and respiratory systems
236 Neoplasm of uncertain behavior of genitourinary organs
237 Neoplasm of uncertain behavior of endocrine glands and nervous system
238 Neoplasm of uncertain behavior of other and unspecified sites and tissues
239 Neoplasms of unspecified nature
240 Simple and unspecified goiter
241 Nontoxic nodular goiter
242 Thyrotoxicosis with or without goiter
244 Acquired hypothyroidism
245 Thyroiditis
246 Other disorders of thyroid
249 Secondary diabetes mellitus
250 Diabetes mellitus
251 Other disorders of pancreatic internal secretion
252 Disorders of parathyroid gland
253 Disorders of the pituitary gland and its hypothalamic control
255 Disorders of adrenal glands
256 Ovarian dysfunction
257 Testicular dysfunction
258 Polyglandular dysfunction and related disorders
259 Other endocrine disorders
260 Kwashiorkor
261 Nutritional marasmus
262 Other severe protein-calorie malnutrition
263 Other and unspecified protein-calorie malnutrition
264 Vitamin A deficiency
265 Thiamine and niacin deficiency states
266 Deficiency of B-complex components
268 Vitamin D deficiency
269 Other nutritional deficiencies
270 Disorders of amino-acid transport and metabolism
271 Disorders of carbohydrate transport and metabolism
272 Disorders of lipoid metabolism
273 Disorders of plasma protein metabolism
274 Gout
275 Disorders of mineral metabolism
276 Disorders of fluid, electrolyte, and acid-base balance
277 Other and unspecified disorders of metabolism
278 Overweight, obesity and other hyperalimentation
279 Disorders involving the immune mechanism
280 Iron deficiency anemias
281 Other deficiency anemias
282 Hereditary hemolytic anemias
283 Acquired hemolytic anemias
284 Aplastic anemia and other bone marrow failure syndromes
285 Other and unspecified anemias
286 Coagulation defects
287 Purpura and other hemorrhagic conditions
288 Diseases of white blood cells
289 Other diseases of blood and blood-forming organs
290 Dementias
291 Alcohol-induced mental disorders
292 Drug-induced mental disorders
293 Transient mental disorders due to conditions classified elsewhere
294 Persistent mental disorders due to conditions classified elsewhere
295 Schizophrenic disorders
296 Episodic mood disorders
297 Delusional disorders
298 Other nonorganic psychoses
299 Pervasive developmental disorders
300 Anxiety, dissociative and somatoform disorders
301 Personality disorders
302 Sexual and gender identity disorders
303 Alcohol dependence syndrome
304 Drug dependence
305 Nondependent abuse of drugs
307 Special symptoms or syndromes, not elsewhere classified
308 Acute reaction to stress
309 Adjustment reaction
310 Specific nonpsychotic mental disorders due to brain damage
311 Depressive disorder, not elsewhere classified
312 Disturbance of conduct, not elsewhere classified
314 Hyperkinetic syndrome of childhood
315 Specific delays in development
317 Mild intellectual disabilities
318 Other specified intellectual disabilities
319 Unspecified intellectual disabilities
320 Bacterial meningitis
322 Meningitis of unspecified cause
323 Encephalitis, myelitis, and encephalomyelitis
324 Intracranial and intraspinal abscess
325 Phlebitis and thrombophlebitis of intracranial venous sinuses
327 Organic sleep disorders
330 Cerebral degenerations usually manifest in childhood
331 Other cerebral degenerations
332 Parkinson's disease
333 Other extrapyramidal disease and abnormal movement disorders
334 Spinocerebellar disease
335 Anterior horn cell disease
336 Other diseases of spinal cord
337 Disorders of the autonomic nervous system
338 Pain, not elsewhere classified
339 Other headache syndromes
340 Multiple sclerosis
341 Other demyelinating diseases of central nervous system
342 Hemiplegia and hemiparesis
343 Infantile cerebral palsy
344 Other paralytic syndromes
345 Epilepsy and recurrent seizures
346 Migraine
347 Cataplexy and narcolepsy
348 Other conditions of brain
349 Other and unspecified disorders of the nervous system
350 Trigeminal nerve disorders
351 Facial nerve disorders
352 Disorders of other cranial nerves
353 Nerve root and plexus disorders
354 Mononeuritis of upper limb and mononeuritis multiplex
355 Mononeuritis of lower limb and unspecified site
356 Hereditary and idiopathic peripheral neuropathy
357 Inflammatory and toxic neuropathy
358 Myoneural disorders
359 Muscular dystrophies and other myopathies
360 Disorders of the globe
361 Retinal detachments and defects
362 Other retinal disorders
363 Chorioretinal inflammations, scars, and other disorders of choroid
364 Disorders of iris and ciliary body
365 Glaucoma
366 Cataract
368 Visual disturbances
369 Blindness and low vision
370 Keratitis
371 Corneal opacity and other disorders of cornea
372 Disorders of conjunctiva
373 Inflammation of eyelids
374 Other disorders of eyelids
375 Disorders of lacrimal system
376 Disorders of the orbit
377 Disorders of optic nerve and visual pathways
378 Strabismus and other disorders of binocular eye movements
379 Other disorders of eye
380 Disorders of external ear
382 Suppurative and unspecified otitis media
383 Mastoiditis and related conditions
385 Other disorders of middle ear and mastoid
386 Vertiginous syndromes and other disorders of vestibular system
388 Other disorders of ear
389 Hearing loss
391 Rheumatic fever with heart involvement
394 Diseases of mitral valve
395 Diseases of aortic valve
396 Diseases of mitral and aortic valves
397 Diseases of other endocardial structures
398 Other rheumatic heart disease
401 Essential hypertension
402 Hypertensive heart disease
403 Hypertensive chronic kidney disease
404 Hypertensive heart and chronic kidney disease
405 Secondary hypertension
410 Acute myocardial infarction
411 Other acute and subacute forms of ischemic heart disease
412 Old myocardial infarction
413 Angina pectoris
414 Other forms of chronic ischemic heart disease
415 Acute pulmonary heart disease
416 Chronic pulmonary heart disease
417 Other diseases of pulmonary circulation
420 Acute pericarditis
421 Acute and subacute endocarditis
422 Acute myocarditis
423 Other diseases of pericardium
424 Other diseases of endocardium
425 Cardiomyopathy
426 Conduction disorders
427 Cardiac dysrhythmias
428 Heart failure
429 Ill-defined descriptions and complications of heart disease
430 Subarachnoid hemorrhage
431 Intracerebral hemorrhage
432 Other and unspecified intracranial hemorrhage
433 Occlusion and stenosis of precerebral arteries
434 Occlusion of cerebral arteries
435 Transient cerebral ischemia
436 Acute, but ill-defined, cerebrovascular disease
437 Other and ill-defined cerebrovascular disease
438 Late effects of cerebrovascular disease
440 Atherosclerosis
441 Aortic aneurysm and dissection
442 Other aneurysm
443 Other peripheral vascular disease
444 Arterial embolism and thrombosis
445 Atheroembolism
446 Polyarteritis nodosa and allied conditions
447 Other disorders of arteries and arterioles
448 Disease of capillaries
451 Phlebitis and thrombophlebitis
452 Portal vein thrombosis
453 Other venous embolism and thrombosis
454 Varicose veins of lower extremities
455 Hemorrhoids
456 Varicose veins of other sites
457 Noninfectious disorders of lymphatic channels
458 Hypotension
459 Other disorders of circulatory system
461 Acute sinusitis
462 Acute pharyngitis
464 Acute laryngitis and tracheitis
465 Acute upper respiratory infections of multiple or unspecified sites
466 Acute bronchitis and bronchiolitis
470 Deviated nasal septum
471 Nasal polyps
472 Chronic pharyngitis and nasopharyngitis
473 Chronic sinusitis
474 Chronic disease of tonsils and adenoids
475 Peritonsillar abscess
477 Allergic rhinitis
478 Other diseases of upper respiratory tract
480 Viral pneumonia
481 Pneumococcal pneumonia
482 Other bacterial pneumonia
483 Pneumonia due to other specified organism
484 Pneumonia in infectious diseases classified elsewhere
485 Bronchopneumonia, organism unspecified
486 Pneumonia, organism unspecified
487 Influenza
490 Bronchitis, not specified as acute or chronic
491 Chronic bronchitis
492 Emphysema
493 Asthma
494 Bronchiectasis
495 Extrinsic allergic alveolitis
496 Chronic airway obstruction, not elsewhere classified
501 Asbestosis
506 Respiratory conditions due to chemical fumes and vapors
507 Pneumonitis due to solids and liquids
508 Respiratory conditions due to other and unspecified external agents
510 Empyema
511 Pleurisy
512 Pneumothorax and air leak
513 Abscess of lung and mediastinum
514 Pulmonary congestion and hypostasis
515 Postinflammatory pulmonary fibrosis
516 Other alveolar and parietoalveolar pneumonopathy
517 Lung involvement in conditions classified elsewhere
518 Other diseases of lung
519 Other diseases of respiratory system
520 Disorders of tooth development and eruption
521 Diseases of hard tissues of teeth
522 Diseases of pulp and periapical tissues
523 Gingival and periodontal diseases
524 Dentofacial anomalies, including malocclusion
525 Other diseases and conditions of the teeth and supporting structures
526 Diseases of the jaws
527 Diseases of the salivary glands
528 Diseases of the oral soft tissues, excluding lesions specific for gingiva and tongue
529 Diseases and other conditions of the tongue
530 Diseases of esophagus
531 Gastric ulcer
532 Duodenal ulcer
533 Peptic ulcer, site unspecified
534 Gastrojejunal ulcer
535 Gastritis and duodenitis
536 Disorders of function of stomach
537 Other disorders of stomach and duodenum
540 Acute appendicitis
541 Appendicitis, unqualified
550 Inguinal hernia
551 Other hernia of abdominal cavity, with gangrene
552 Other hernia of abdominal cavity, with obstruction, but without mention of gangrene
553 Other hernia of abdominal cavity without mention of obstruction or gangrene
555 Regional enteritis
556 Ulcerative colitis
557 Vascular insufficiency of intestine
558 Other and unspecified noninfectious gastroenteritis and colitis
560 Intestinal obstruction without mention of hernia
562 Diverticula of intestine
564 Functional digestive disorders, not elsewhere classified
565 Anal fissure and fistula
566 Abscess of anal and rectal regions
567 Peritonitis and retroperitoneal infections
568 Other disorders of peritoneum
569 Other disorders of intestine
570 Acute and subacute necrosis of liver
571 Chronic liver disease and cirrhosis
572 Liver abscess and sequelae of chronic liver disease
573 Other disorders of liver
574 Cholelithiasis
575 Other disorders of gallbladder
576 Other disorders of biliary tract
577 Diseases of pancreas
578 Gastrointestinal hemorrhage
579 Intestinal malabsorption
580 Acute glomerulonephritis
581 Nephrotic syndrome
582 Chronic glomerulonephritis
583 Nephritis and nephropathy, not specified as acute or chronic
584 Acute kidney failure
585 Chronic kidney disease
586 Renal failure, unspecified
587 Renal sclerosis, unspecified
588 Disorders resulting from impaired renal function
589 Small kidney of unknown cause
590 Infections of kidney
591 Hydronephrosis
592 Calculus of kidney and ureter
593 Other disorders of kidney and ureter
594 Calculus of lower urinary tract
595 Cystitis
596 Other disorders of bladder
597 Urethritis, not sexually transmitted, and urethral syndrome
598 Urethral stricture
599 Other disorders of urethra and urinary tract
600 Hyperplasia of prostate
601 Inflammatory diseases of prostate
602 Other disorders of prostate
603 Hydrocele
604 Orchitis and epididymitis
605 Redundant prepuce and phimosis
607 Disorders of penis
608 Other disorders of male genital organs
610 Benign mammary dysplasias
611 Other disorders of breast
614 Inflammatory disease of ovary, fallopian tube, pelvic cellular tissue, and peritoneum
616 Inflammatory disease of cervix, vagina, and vulva
617 Endometriosis
618 Genital prolapse
619 Fistula involving female genital tract
620 Noninflammatory disorders of ovary, fallopian tube, and broad ligament
621 Disorders of uterus, not elsewhere classified
623 Noninflammatory disorders of vagina
625 Pain and other symptoms associated with female genital organs
626 Disorders of menstruation and other abnormal bleeding from female genital tract
627 Menopausal and postmenopausal disorders
648 Other current conditions in the mother classifiable elsewhere
680 Carbuncle and furuncle
681 Cellulitis and abscess of finger and toe
682 Other cellulitis and abscess
684 Impetigo
685 Pilonidal cyst
686 Other local infections of skin and subcutaneous tissue
690 Erythematosquamous dermatosis
691 Atopic dermatitis and related conditions
692 Contact dermatitis and other eczema
693 Dermatitis due to substances taken internally
694 Bullous dermatoses
695 Erythematous conditions
696 Psoriasis and similar disorders
697 Lichen
698 Pruritus and related conditions
700 Corns and callosities
701 Other hypertrophic and atrophic conditions of skin
702 Other dermatoses
703 Diseases of nail
704 Diseases of hair and hair follicles
705 Disorders of sweat glands
706 Diseases of sebaceous glands
707 Chronic ulcer of skin
708 Urticaria
709 Other disorders of skin and subcutaneous tissue
710 Diffuse diseases of connective tissue
711 Arthropathy associated with infections
712 Crystal arthropathies
713 Arthropathy associated with other disorders classified elsewhere
714 Rheumatoid arthritis and other inflammatory polyarthropathies
715 Osteoarthrosis and allied disorders
716 Other and unspecified arthropathies
717 Internal derangement of knee
718 Other derangement of joint
719 Other and unspecified disorders of joint
720 Ankylosing spondylitis and other inflammatory spondylopathies
721 Spondylosis and allied disorders
722 Intervertebral disc disorders
723 Other disorders of cervical region
724 Other and unspecified disorders of back
725 Polymyalgia rheumatica
726 Peripheral enthesopathies and allied syndromes
727 Other disorders of synovium, tendon, and bursa
728 Disorders of muscle, ligament, and fascia
729 Other disorders of soft tissues
730 Osteomyelitis, periostitis, and other infections involving bone
731 Osteitis deformans and osteopathies associated with other disorders classified elsewhere
733 Other disorders of bone and cartilage
735 Acquired deformities of toe
736 Other acquired deformities of limbs
737 Curvature of spine
738 Other acquired deformity
741 Spina bifida
742 Other congenital anomalies of nervous system
745 Bulbus cordis anomalies and anomalies of cardiac septal closure
746 Other congenital anomalies of heart
747 Other congenital anomalies of circulatory system
748 Congenital anomalies of respiratory system
750 Other congenital anomalies of upper alimentary tract
751 Other congenital anomalies of digestive system
752 Congenital anomalies of genital organs
753 Congenital anomalies of urinary system
756 Other congenital musculoskeletal anomalies
757 Congenital anomalies of the integument
758 Chromosomal anomalies
759 Other and unspecified congenital anomalies
780 General symptoms
781 Symptoms involving nervous and musculoskeletal systems
782 Symptoms involving skin and other integumentary tissue
783 Symptoms concerning nutrition, metabolism, and development
784 Symptoms involving head and neck
785 Symptoms involving cardiovascular system
786 Symptoms involving respiratory system and other chest symptoms
787 Symptoms involving digestive system
788 Symptoms involving urinary system
789 Other symptoms involving abdomen and pelvis
790 Nonspecific findings on examination of blood
791 Nonspecific findings on examination of urine
792 Nonspecific abnormal findings in other body substances
793 Nonspecific abnormal findings on radiological and other examination of body structure
794 Nonspecific abnormal results of function studies
795 Other and nonspecific abnormal cytological, histological, immunological and DNA test findings
796 Other nonspecific abnormal findings
797 Senility without mention of psychosis
799 Other ill-defined and unknown causes of morbidity and mortality
800 Fracture of vault of skull
801 Fracture of base of skull
802 Fracture of face bones
803 Other and unqualified skull fractures
804 Multiple fractures involving skull or face with other bones
805 Fracture of vertebral column without mention of spinal cord injury
806 Fracture of vertebral column with spinal cord injury
807 Fracture of rib(s), sternum, larynx, and trachea
808 Fracture of pelvis
810 Fracture of clavicle
811 Fracture of scapula
812 Fracture of humerus
813 Fracture of radius and ulna
814 Fracture of carpal bone(s)
815 Fracture of metacarpal bone(s)
816 Fracture of one or more phalanges of hand
820 Fracture of neck of femur
821 Fracture of other and unspecified parts of femur
822 Fracture of patella
823 Fracture of tibia and fibula
824 Fracture of ankle
825 Fracture of one or more tarsal and metatarsal bones
831 Dislocation of shoulder
835 Dislocation of hip
836 Dislocation of knee
839 Other, multiple, and ill-defined dislocations
840 Sprains and strains of shoulder and upper arm
845 Sprains and strains of ankle and foot
847 Sprains and strains of other and unspecified parts of back
850 Concussion
851 Cerebral laceration and contusion
852 Subarachnoid, subdural, and extradural hemorrhage, following injury
853 Other and unspecified intracranial hemorrhage following injury
854 Intracranial injury of other and unspecified nature
860 Traumatic pneumothorax and hemothorax
861 Injury to heart and lung
862 Injury to other and unspecified intrathoracic organs
863 Injury to gastrointestinal tract
864 Injury to liver
865 Injury to spleen
866 Injury to kidney
867 Injury to pelvic organs
868 Injury to other intra-abdominal organs
870 Open wound of ocular adnexa
872 Open wound of ear
873 Other open wound of head
874 Open wound of neck
875 Open wound of chest (wall)
879 Open wound of other and unspecified sites, except limbs
881 Open wound of elbow, forearm, and wrist
882 Open wound of hand except finger(s) alone
883 Open wound of finger(s)
891 Open wound of knee, leg [except thigh], and ankle
900 Injury to blood vessels of head and neck
901 Injury to blood vessels of thorax
902 Injury to blood vessels of abdomen and pelvis
905 Late effects of musculoskeletal and connective tissue injuries
907 Late effects of injuries to the nervous system
908 Late effects of other and unspecified injuries
909 Late effects of other and unspecified external causes
910 Superficial injury of face, neck, and scalp except eye
911 Superficial injury of trunk
916 Superficial injury of hip, thigh, leg, and ankle
918 Superficial injury of eye and adnexa
919 Superficial injury of other, multiple, and unspecified sites
920 Contusion of face, scalp, and neck except eye(s)
921 Contusion of eye and adnexa
922 Contusion of trunk
923 Contusion of upper limb
924 Contusion of lower limb and of other and unspecified sites
932 Foreign body in nose
933 Foreign body in pharynx and larynx
934 Foreign body in trachea, bronchus, and lung
935 Foreign body in mouth, esophagus, and stomach
941 Burn of face, head, and neck
944 Burn of wrist(s) and hand(s)
945 Burn of lower limb(s)
952 Spinal cord injury without evidence of spinal bone injury
958 Certain early complications of trauma
959 Injury, other and unspecified
962 Poisoning by hormones and synthetic substitutes
963 Poisoning by primarily systemic agents
964 Poisoning by agents primarily affecting blood constituents
965 Poisoning by analgesics, antipyretics, and antirheumatics
966 Poisoning by anticonvulsants and anti-Parkinsonism drugs
967 Poisoning by sedatives and hypnotics
968 Poisoning by other central nervous system depressants and anesthetics
969 Poisoning by psychotropic agents
970 Poisoning by central nervous system stimulants
971 Poisoning by drugs primarily affecting the autonomic nervous system
972 Poisoning by agents primarily affecting the cardiovascular system
973 Poisoning by agents primarily affecting the gastrointestinal system
977 Poisoning by other and unspecified drugs and medicinal substances
980 Toxic effect of alcohol
982 Toxic effect of solvents other than petroleum-based
983 Toxic effect of corrosive aromatics, acids, and caustic alkalis
986 Toxic effect of carbon monoxide
987 Toxic effect of other gases, fumes, or vapors
989 Toxic effect of other substances, chiefly nonmedicinal as to source
990 Effects of radiation, unspecified
991 Effects of reduced temperature
992 Effects of heat and light
994 Effects of other external causes
995 Certain adverse effects not elsewhere classified
996 Complications peculiar to certain specified procedures
997 Complications affecting specified body systems, not elsewhere classified
998 Other complications of procedures, not elsewhere classified
999 Complications of medical care, not elsewhere classified
V02 Carrier or suspected carrier of infectious diseases
V08 Asymptomatic human immunodeficiency virus [HIV] infection status
V09 Infection with drug-resistant microorganisms
V10 Personal history of malignant neoplasm
V12 Personal history of certain other diseases
V13 Personal history of other diseases
V14 Personal history of allergy to medicinal agents
V15 Other personal history presenting hazards to health
V16 Family history of malignant neoplasm
V17 Family history of certain chronic disabling diseases
V18 Family history of certain other specific conditions
V42 Organ or tissue replaced by transplant
V43 Organ or tissue replaced by other means
V44 Artificial opening status
V45 Other postprocedural states
V46 Other dependence on machines and devices
V49 Other conditions influencing health status
V53 Fitting and adjustment of other device
V54 Other orthopedic aftercare
V55 Attention to artificial openings
V58 Encounter for other and unspecified procedures and aftercare
V60 Housing, household, and economic circumstances
V62 Other psychosocial circumstances
V64 Persons encountering health services for specific procedures, not carried out
V66 Convalescence and palliative care
V70 General medical examination
V85 Body mass index
E812 Other motor vehicle traffic accident involving collision with motor vehicle
E816 Motor vehicle traffic accident due to loss of control, without collision on the highway
E819 Motor vehicle traffic accident of unspecified nature
E849 Place of occurrence
E850 Accidental poisoning by analgesics, antipyretics, and antirheumatics
E870 Accidental cut, puncture, perforation, or hemorrhage during medical care
E876 Other and unspecified misadventures during medical care
E878 Surgical operation as the cause of abnormal reaction of patient or of later complication
E879 Other procedures as the cause of abnormal reaction of patient or of later complication
E880 Accidental fall on or from stairs or steps
E884 Other accidental fall from one level to another
E885 Accidental fall on same level from slipping, tripping, or stumbling
E888 Other and unspecified accidental fall
E912 Inhalation and ingestion of other object causing obstruction of respiratory tract or suffocation
E915 Foreign body accidentally entering other orifice
E917 Striking against or struck accidentally by objects or persons
E928 Other and unspecified environmental and accidental causes
E930 Antibiotics causing adverse effects in therapeutic use
E932 Hormones and synthetic substitutes causing adverse effects in therapeutic use
E933 Primarily systemic agents causing adverse effects in therapeutic use
E934 Agents primarily affecting blood constituents causing adverse effects in therapeutic use
E935 Analgesics, antipyretics, and antirheumatics causing adverse effects in therapeutic use
E936 Anticonvulsants and anti-Parkinsonism drugs causing adverse effects in therapeutic use
E937 Sedatives and hypnotics causing adverse effects in therapeutic use
E938 Other central nervous system depressants and anesthetics causing adverse effects in therapeutic use
E939 Psychotropic agents causing adverse effects in therapeutic use
E941 Drugs primarily affecting the autonomic nervous system causing adverse effects in therapeutic use
E942 Agents primarily affecting the cardiovascular system causing adverse effects in therapeutic use
E944 Water, mineral, and uric acid metabolism drugs causing adverse effects in therapeutic use
E947 Other and unspecified drugs and medicinal substances causing adverse effects in therapeutic use
E950 Suicide and self-inflicted poisoning by solid or liquid substances
E960 Fight, brawl, rape
"""

TITLES = {code: title for code, _, title in (line.partition(" ") for line in _TABLE.strip().splitlines())}
